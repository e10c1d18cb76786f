import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import { FrameType } from '../../dist/ipc/frame.js';
import { type Channel, connect, DeadlineExceeded, helloOf, PeerGone } from '../../dist/ipc/index.js';
import { method, Recorder, server, socketFolder, TOKEN } from '../fixtures/ipc-pair.js';
import { frame, RawReplica } from '../fixtures/raw-replica.js';
import { isRunning, until } from '../fixtures/wait.js';

const open = (path: string): Promise<Channel> => connect({ path }, { token: TOKEN, hello: helloOf('driver', 'test') });

for (const end of ['kill', 'exit', 'block'] as const) {
  test(`the caller sees STARTED of the whole batch though user code begins with: ${end}`, async (t) => {
    const { path, child } = await server(t);
    const channel = await open(path);
    t.after(() => channel.destroy());
    const sinks = Array.from({ length: 20 }, () => new Recorder());
    const never = new Recorder();
    channel.request(method('never'), null, never);
    for (const sink of sinks) channel.request(method(end), null, sink);
    await until(() => sinks.every(({ events }) => events[0] === 'started'));
    if (end === 'block') {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await Promise.all([...sinks, never].map(({ ended }) => ended));
    for (const { events, error } of sinks) {
      assert.deepEqual(events, ['started', 'error']);
      assert.ok(hasCode(error, PeerGone));
    }
    assert.deepEqual(never.events, ['error'], 'a call that was not begun can be told apart');
  });
}

/** Returns when the process has ended, with all its threads. Meanwhile this process reads nothing. */
function seeEnd(pid: number): void {
  while (isRunning(pid) || readdirSync(`/proc/${pid}/task`).length > 1);
}

test('the caller sees STARTED of a process that has died, although it writes before it reads', async (t) => {
  const { path, child } = await server(t);
  const channel = await open(path);
  t.after(() => channel.destroy());
  const [begun, never] = [new Recorder(), new Recorder()];
  channel.request(method('never'), null, never);
  channel.request(method('kill'), null, begun);
  await new Promise(setImmediate);
  seeEnd(child.pid as number);
  // So many bytes are written at once.
  channel.notify({ kind: 'event', topic: 't', value: 'x'.repeat(500_000) });
  await Promise.all([begun.ended, never.ended]);
  assert.deepEqual([begun.events, never.events], [['started', 'error'], ['error']]);
  assert.ok(hasCode(begun.error, PeerGone));
  assert.equal(channel.isCut, false);
});

test('what stands behind a malformed frame may have been lost, although the caller writes before it reads', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const raw = new RawReplica(path, TOKEN);
  t.after(() => raw.close());
  const streams: number[] = [];
  raw.answer = (stream) => {
    streams.push(stream);
    return Buffer.alloc(0);
  };
  const channel = await open(path);
  t.after(() => channel.destroy());
  const sink = new Recorder();
  channel.request(method('never'), null, sink);
  await until(() => streams.length === 1);
  raw.send(Buffer.concat([frame(99, 0, 0, Buffer.alloc(0)), frame(FrameType.STARTED, 0, streams[0] as number, Buffer.alloc(0))]));
  raw.close();
  // So many bytes are written at once.
  channel.notify({ kind: 'event', topic: 't', value: 'x'.repeat(500_000) });
  await sink.ended;
  assert.deepEqual([sink.events, channel.isCut], [['error'], true]);
});

test('STARTED precedes user code even if the caller does not read for a while', async (t) => {
  const { path } = await server(t);
  const channel = await open(path);
  t.after(() => channel.destroy());
  // The answers to these calls fill the socket's buffer while this process is busy, so that the next STARTED cannot be written at once.
  const noise = Array.from({ length: 20_000 }, () => new Recorder());
  for (const sink of noise) channel.request(method('x'.repeat(100)), null, sink);
  const last = new Recorder();
  channel.request(method('kill'), null, last);
  await new Promise(setImmediate);
  const busyUntil = Date.now() + 300;
  while (Date.now() < busyUntil);
  await last.ended;
  assert.deepEqual(last.events, ['started', 'error']);
  const begun = noise.filter(({ events }) => events[0] === 'started').length;
  assert.equal(begun, noise.length);
});

test('an answer that came while the caller was blocked counts, however late it is read', async (t) => {
  const { path } = await server(t);
  const channel = await open(path);
  t.after(() => channel.destroy());
  const answered = channel.call(method('quick'), undefined, { timeoutMs: 300 });
  const never = channel.call(method('never'), undefined, { timeoutMs: 300 });
  never.catch(() => {});
  await new Promise(setImmediate);
  const busyUntil = Date.now() + 800;
  while (Date.now() < busyUntil);
  assert.equal(await answered, 'quick');
  await assert.rejects(never, (error) => hasCode(error, DeadlineExceeded));
});

test('a connection is made although the event loop turns only once in a while', async (t) => {
  const { path } = await server(t);
  let turning = true;
  const turn = (): void => {
    const busyUntil = Date.now() + 1300;
    while (Date.now() < busyUntil);
    if (turning) setImmediate(turn);
  };
  setImmediate(turn);
  t.after(() => {
    turning = false;
  });
  const channel = await connect({ path }, { token: TOKEN, hello: helloOf('driver', 'test'), timeoutMs: 500 });
  channel.destroy();
});
