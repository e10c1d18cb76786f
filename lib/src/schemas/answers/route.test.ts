import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassSchema, RouteSchema } from '../class-schema.js';
import { Refused } from './refusal.js';
import { Route } from './route.js';
import { Validators } from './validators.js';

const route = (type: object): Route => {
  const body = { form: 'json', required: true, schema: { type: 'object', properties: { id: type } } };
  const schema = { method: 'take', verb: 'post', path: '/', takes: ['body'], isBatched: false, params: [], body };
  const whole = { name: 'Items', routes: [schema], defs: {} } as unknown as ClassSchema;
  return new Route(schema as unknown as RouteSchema, {
    schema: whole,
    validators: new Validators(whole),
    method: () => (given) => (given as { id: unknown }).id,
    parse: JSON.parse,
  });
};

const answer = (type: object, text: string): unknown => route(type).answer({ textNow: () => text } as never, [], '');

test('a number in a body that JSON.parse rounds is refused, whatever its type, and a BigInt is a text', () => {
  for (const type of [{ type: 'number' }, {}]) {
    assert.equal(answer(type, '{"id":9007199254740991}'), 9007199254740991);
    assert.throws(
      () => answer(type, '{"id":9007199254740993}'),
      (error) => error instanceof Refused && /^body\.id: .* got 9007199254740993, which a number cannot/.test(error.message),
    );
  }
  const bigint = { type: 'string', pattern: '^-?[0-9]+$', 'x-javascript': 'bigint' };
  assert.equal(answer(bigint, '{"id":"9007199254740993"}'), 9007199254740993n);
  assert.throws(() => answer(bigint, '{"id":9007199254740993}'), Refused);
});
