import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassSchema, JsonSchema } from '../class-schema.js';
import { Validators } from './validators.js';

const text = (...values: string[]): JsonSchema => (values.length === 1 ? { const: values[0] } : { enum: values });
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
/** The fields that have a fault, for a union of definitions and for one of types without names. */
function faults(members: readonly JsonSchema[], value: unknown): readonly string[] {
  const defs = Object.fromEntries(members.map((member, i) => [`M${i}`, member]));
  const named = { anyOf: members.map((_, i) => ({ $ref: `#/$defs/M${i}` })) };
  const [first, second] = [{ anyOf: members }, named].map((schema) => {
    const check = new Validators({ defs } as unknown as ClassSchema).check(schema, 'body', 'body');
    return (check(value) ?? []).map(({ field, expected }) => `${field}: ${expected}`).sort();
  });
  assert.deepEqual(first, second);
  return first ?? [];
}

test('in a union, a wrong value of several literals is named', () => {
  const members = [object({ kind: text('a'), color: text('red', 'blue') }), object({ n: { type: 'number' } })];
  assert.ok(faults(members, { kind: 'a', color: 'green' }).some((fault) => fault.startsWith('body.color: ')));
});

test('the literals that each member has tell which one is meant', () => {
  const members = [object({ kind: text('a', 'b'), x: { type: 'number' } }), object({ kind: text('c'), y: { type: 'number' } })];
  assert.deepEqual(faults(members, { kind: 'c', y: 'no' }), ['body.y: a number']);
  assert.deepEqual(faults(members, { kind: 'a', x: 'no' }), ['body.x: a number']);
  const [fault = ''] = faults(members, { kind: 'd', x: 1 });
  assert.match(fault, /^body\.kind: /);
});

const issuesOf = (schema: JsonSchema, value: unknown) =>
  new Validators({ defs: {} } as unknown as ClassSchema).check(schema, 'body', 'body')(value);

test('a number that is too large for JavaScript is none', () => {
  const list = { type: 'array', items: { type: 'number' } };
  const numbers: readonly [JsonSchema, string][] = [
    [{ type: 'number' }, '1e400'],
    [{ type: ['number', 'null'] }, '-1e400'],
    [list, '[1, 1e400]'],
    [{ anyOf: [{ type: 'string' }, list] }, '[1e400]'],
  ];
  for (const [schema, text] of numbers) assert.equal(issuesOf(schema, JSON.parse(text))?.length, 1, text);
  assert.equal(issuesOf({ type: 'number' }, 1e308), null);
});

test('a multiple of a decimal is one although the quotient is wrong in its last bits', () => {
  const isMultiple = (value: number, multipleOf: number): boolean => issuesOf({ type: 'number', multipleOf }, value) === null;
  for (const value of [0.3, 0.7, -1.1, 0, 123_456_789.1]) assert.ok(isMultiple(value, 0.1), String(value));
  for (const value of [0.35, 0.3000001]) assert.ok(!isMultiple(value, 0.1), String(value));
  assert.ok(isMultiple(6, 3));
  assert.ok(!isMultiple(1 + 1e-12, 1), 'a whole number is whole');
  const [issue] = issuesOf({ type: 'number', multipleOf: 0.5 }, 0.7) ?? [];
  assert.equal(issue?.expected, 'a number that is a multiple of 0.5');
});

test('items that must be different are read once each', () => {
  const schema = { type: 'array', uniqueItems: true };
  let reads = 0;
  const item = (n: number) => ({
    b: 1,
    get a() {
      reads += 1;
      return n;
    },
  });
  assert.equal(
    issuesOf(
      schema,
      Array.from({ length: 500 }, (_, n) => item(n)),
    ),
    null,
  );
  assert.equal(reads, 500);
  const [issue] =
    issuesOf(schema, [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ]) ?? [];
  assert.equal(issue?.expected, 'a list, each only once');
  for (const list of [
    ['1', 1],
    [[], {}],
    [null, 'null'],
    [{ a: 1 }, { a: '1' }],
  ])
    assert.equal(issuesOf(schema, list), null);
});

test('a long text is checked in a time that grows with its length alone, and without overflowing the stack', () => {
  const check = (schema: JsonSchema) => new Validators({ defs: {} } as unknown as ClassSchema).check(schema, 'body', 'body');
  const bytes = check({ type: 'string', contentEncoding: 'base64', 'x-javascript': 'Uint8Array' });
  assert.equal(bytes('a'.repeat(20_000_000)), null);
  for (const text of ['abc=', 'ab==', '']) assert.equal(bytes(text), null, text);
  for (const text of ['abc', 'a===', 'a=bc', '====']) assert.notEqual(bytes(text), null, text);
  const url = check({ type: 'string', format: 'url' });
  assert.equal(url('https://example.com/a'), null);
  assert.equal(url(`http://${'::'.repeat(500_000)}`)?.[0]?.expected, 'a text in the format url');
});
