import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../core/index.js';
import { AnswerBody } from './answer-body.js';
import type { OutgoingCall } from './channel.js';
import { AnswerTooLarge } from './errors.js';
import { UnarySink } from './unary-call.js';
import { encodeValue } from './values.js';

test('a value may have as many bytes as the limit says, in whatever pieces', () => {
  const bytes = encodeValue({ text: 'x'.repeat(100) });
  for (const size of [1, 7, bytes.length]) {
    const body = new AnswerBody('App/Chat.ask', bytes.length);
    for (let at = 0; at < bytes.length; at += size) assert.equal(body.push(bytes.subarray(at, at + size)), null);
    assert.deepEqual(body.value(), { text: 'x'.repeat(100) });
  }
  assert.equal(new AnswerBody('App/Chat.ask').value(), undefined);
});

test('one that has more is refused with what was called and the limit', () => {
  const body = new AnswerBody('App/Chat.ask', 10);
  assert.equal(body.push(new Uint8Array(6)), null);
  const fault = body.push(new Uint8Array(5));
  assert.ok(hasCode(fault, AnswerTooLarge));
  assert.match(String(fault), /App\/Chat\.ask answered with over 10 bytes/);
});

test('a call that gets too much fails, and is cancelled', async () => {
  const cancels: unknown[] = [];
  const answer = new Promise((resolve, reject) => {
    const sink = new UnarySink('status of Chat', undefined, resolve, reject, 10);
    sink.call = { cancel: (reason?: string) => cancels.push(reason), consumed() {} } as unknown as OutgoingCall;
    sink.onData(new Uint8Array(11));
  });
  await assert.rejects(answer, (error) => hasCode(error, AnswerTooLarge));
  assert.deepEqual(cancels, ['the answer is too large']);
});
