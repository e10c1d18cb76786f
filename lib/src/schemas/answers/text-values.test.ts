import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassSchema } from '../class-schema.js';
import { textReader } from './text-values.js';
import { Validators } from './validators.js';

test('a whole number that would lose digits stays a text', () => {
  const id = { type: 'number' };
  const read = textReader(id, {});
  assert.equal(read(['9007199254740991']), 9007199254740991);
  assert.equal(read(['-3.5']), -3.5);
  assert.equal(read(['1e20']), 1e20);
  assert.equal(read(['9007199254740993']), '9007199254740993');
  assert.deepEqual(textReader({ type: 'array', items: id }, {})(['1', '-9007199254740993']), [1, '-9007199254740993']);
  const check = new Validators({ defs: {} } as unknown as ClassSchema).check(id, 'path', 'id');
  assert.deepEqual(check(read(['9007199254740993'])), [
    {
      in: 'path',
      field: 'id',
      expected: 'a number',
      got: "'9007199254740993', which a number cannot hold exactly; the types bigint and string can",
    },
  ]);
  assert.equal(check('abc')?.[0]?.got, "'abc'");
});

test('a long text is read in a time that grows with its length alone', () => {
  const long = `${'1'.repeat(1_000_000)}x`;
  for (const schema of [{ type: 'number' }, { type: 'string' }, { type: ['number', 'string'] }])
    assert.equal(textReader(schema, {})([long]), long);
});
