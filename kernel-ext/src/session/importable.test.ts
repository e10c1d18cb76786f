import assert from 'node:assert/strict';
import { it } from 'node:test';
import { exportsOfOwn, importable } from './importable.js';

it('each part of nbserve is asked for once, by Tab and by the help, unless it gave no answer', () => {
  const asked: string[] = [];
  const answering = (module: string): readonly string[] => {
    asked.push(module);
    return [`nameOf_${module}`];
  };
  assert.deepEqual(
    exportsOfOwn('nbserve/data', () => []),
    [],
  );
  assert.deepEqual(exportsOfOwn('nbserve/data', answering), ['nameOf_nbserve/data']);
  assert.ok(importable('nameOf', answering).includes('nameOf_nbserve/data'));
  importable('nameOf', answering);
  exportsOfOwn('nbserve/plot', answering);
  assert.deepEqual(asked.length, new Set(asked).size);
});
