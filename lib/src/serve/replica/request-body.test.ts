import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingCall } from '../../ipc/index.js';
import { RequestBody } from './request-body.js';

/** A call whose body the test sends. */
function call() {
  let granted = 0;
  const fake = {
    onBody: null as IncomingCall['onBody'],
    consumed(bytes: number) {
      granted += bytes;
    },
  };
  const body = new RequestBody(fake as unknown as IncomingCall);
  const { onData, onEnd, onError } = fake.onBody as NonNullable<IncomingCall['onBody']>;
  return {
    stream: body.stream,
    body,
    send: (text: string) => onData(Buffer.from(text)),
    end: onEnd,
    fail: onError,
    granted: () => granted,
  };
}

test('pieces that come before they are read arrive as few large ones, and the sender gets credit up to the limit', async () => {
  const { stream, send, end, granted } = call();
  for (let i = 0; i < 200_000; i += 1) send(String(i % 10));
  assert.equal(granted(), 128 * 1024 - 1);
  const reader = stream.getReader();
  const { value } = await reader.read();
  assert.equal(value?.length, 200_000);
  assert.equal(Buffer.from(value as Uint8Array).toString('latin1', 199_998), '89');
  assert.equal(value?.buffer.byteLength, 200_000, 'the buffer holds nothing else, because user code may transfer it');
  assert.equal(granted(), 200_000);
  const next = reader.read();
  send('more');
  const { value: more } = await next;
  assert.equal(Buffer.from(more as Uint8Array).toString(), 'more');
  assert.equal(more?.buffer.byteLength, 4);
  assert.equal(granted(), 200_004);
  send('last');
  end();
  assert.equal(Buffer.from((await reader.read()).value as Uint8Array).toString(), 'last');
  assert.equal((await reader.read()).done, true);
});

test('a body ends, fails or is dropped while somebody waits for it', async () => {
  const ended = call();
  const reading = ended.stream.getReader().read();
  ended.end();
  assert.equal((await reading).done, true);
  const failed = call();
  failed.send('lost');
  failed.fail(new Error('cut'));
  await assert.rejects(failed.stream.getReader().read(), /cut/);
  const dropped = call();
  dropped.send('x'.repeat(200_000));
  await dropped.stream.cancel();
  dropped.send('rest');
  dropped.end();
  assert.equal(dropped.granted(), 200_004);
  const stopped = call();
  stopped.body.stop();
  await assert.rejects(stopped.stream.getReader().read(), /answered before its body was read/);
});

test('reading a body that becomes larger than its limit fails, and nothing of the rest is kept', async () => {
  for (const isSoon of [true, false]) {
    const { stream, body, send, granted } = call();
    if (isSoon) body.limit(10);
    send('123456');
    send('789012');
    if (!isSoon) body.limit(10);
    send('more');
    await assert.rejects(new Response(stream).text(), { code: 'NBS_REQUEST_TOO_LARGE', status: 413 });
    assert.equal(granted(), 16);
  }
});
