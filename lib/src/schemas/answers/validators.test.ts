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
