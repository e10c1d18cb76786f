import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toChatRequest } from './chat-request.js';

test('a role is one of the known ones, and not what every object has', () => {
  for (const role of ['constructor', '__proto__', 'toString', 'robot', 5])
    assert.throws(() => toChatRequest({ model: 'm', messages: [{ role, content: 'hi' }] }), {
      status: 400,
      message: 'messages[0].role must be one of system, developer, user, assistant',
    });
});

test('more than four stop texts are refused', () => {
  const asked = (stop: unknown) => toChatRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], stop });
  assert.deepEqual(asked(['a', 'b', 'c', 'd']).options.stop, ['a', 'b', 'c', 'd']);
  assert.throws(() => asked(['a', 'b', 'c', 'd', 'e']), { status: 400, param: 'stop' });
  assert.throws(() => asked(Array.from({ length: 500_000 }, (_, i) => `stop ${i}`)), { status: 400, param: 'stop' });
});

test('lists in lists are a wrong value, however deep', () => {
  let deep: unknown[] = [];
  for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
  const messages = [{ role: 'user', content: 'hi' }];
  assert.throws(() => toChatRequest({ model: 'm', messages, response_format: { type: deep } }), {
    status: 400,
    param: 'response_format',
  });
});
