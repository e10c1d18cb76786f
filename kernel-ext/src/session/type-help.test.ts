import assert from 'node:assert/strict';
import { it } from 'node:test';
import { helpFor, helpSources } from './type-help.js';

it('a product of promises asks once a cell what they are, without the magics above', () => {
  const code = '%cd made\na * 2;\nb * 2;';
  const asked: string[] = [];
  const sources = helpSources(code.replace('%cd made', '        '), (before, after) => {
    asked.push(`${before}|${after}`);
    return ['then', 'catch'];
  });
  const help = (name: string): string | undefined => {
    const start = code.indexOf(`${name} *`);
    return helpFor(code, { start, end: start + 1, code: 2362, message: 'The left-hand side …' }, sources);
  };
  assert.match(help('a') ?? '', /write await/);
  assert.equal(help('b'), undefined);
  assert.deepEqual(asked, ['        \n(a).|']);
});
