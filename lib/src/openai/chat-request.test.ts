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
