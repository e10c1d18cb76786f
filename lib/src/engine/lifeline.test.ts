import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentMessage, messageReader } from './lifeline.js';

test('a long message comes whole, and what is none is left out', () => {
  const messages: AgentMessage[] = [];
  const reader = messageReader<AgentMessage>((message) => messages.push(message));
  const text = 'stderr of a controller that cannot start\n'.repeat(5000);
  const failed = { kind: 'failed', error: { name: 'Error', message: text, stack: text } };
  const bytes = Buffer.from(
    `{ "kind": "open"\nnull\n"text"\n${JSON.stringify(failed)}\n${'x'.repeat(5 * 1024 * 1024)}\n{"kind":"serving"}\n`,
  );
  for (let at = 0; at < bytes.length; at += 60_000) reader.push(bytes.subarray(at, at + 60_000));
  assert.deepEqual(messages, [failed, { kind: 'serving' }]);
});
