import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParameter } from '../runner/index.js';
import { keyOf } from './run-folder.js';

test('other parameters give another key, also those that JSON does not have', () => {
  const texts = ['9007199254740993', '9007199254740995', 'inf', '-inf', 'nan', 'None', '"None"', '[nan]', '[inf]'];
  const keys = texts.map((text) => keyOf('no such file', { parameters: { id: parseParameter(text) } }));
  assert.equal(new Set(keys).size, texts.length);
  assert.equal(keyOf('no such file', { parameters: { id: parseParameter('inf') } }), keys[2]);
});
