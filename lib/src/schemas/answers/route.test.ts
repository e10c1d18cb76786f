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

test('an optional object of parameters is made only if one of them was sent', () => {
  const number = { type: 'number' };
  const params = [
    { name: 'page', in: 'query', required: true, schema: number },
    { name: 'size', in: 'query', required: false, schema: number },
  ];
  const schema = { method: 'list', verb: 'get', path: '/', takes: ['params'], isBatched: false, params, paramsOptional: true };
  const whole = { name: 'Items', routes: [schema], defs: {} } as unknown as ClassSchema;
  const made = new Route(schema as unknown as RouteSchema, {
    schema: whole,
    validators: new Validators(whole),
    method: () => (given) => given,
    parse: JSON.parse,
  });
  const get = (query: string): unknown => made.answer({ textNow: () => '' } as never, [], query);
  assert.equal(get(''), undefined);
  assert.equal(get('other=1'), undefined);
  assert.deepEqual(get('page=2'), { page: 2 });
  assert.throws(() => get('size=2'), /the query parameter page: expected a number, got nothing/);
  assert.equal(made.checked(undefined, {}).params, undefined);
  assert.deepEqual(made.checked(undefined, { page: 2 }).params, { page: 2 });
  assert.throws(() => made.checked(undefined, { size: 2 }), Refused);
});
