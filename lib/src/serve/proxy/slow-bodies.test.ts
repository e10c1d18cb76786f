import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { mock, type TestContext, test } from 'node:test';
import { SlowBodies } from './slow-bodies.js';

const IDLE_MS = 1000;

/** A request whose body arrives when the test sends it. */
function upload(headers: Record<string, string> = { 'content-length': '10' }) {
  const socket = {
    bytesRead: 100,
    destroyed: false,
    once() {},
    destroy() {
      socket.destroyed = true;
    },
  };
  const request = { headers, socket, complete: false, paused: false, isPaused: () => request.paused };
  const stalls: number[] = [];
  return { request, socket, stalls, reader: { bodyStalled: (idleMs: number) => void stalls.push(idleMs) } };
}

function watching(t: TestContext, ...uploads: ReturnType<typeof upload>[]): SlowBodies {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const bodies = new SlowBodies(IDLE_MS);
  for (const { request, reader } of uploads) {
    bodies.watch(request as unknown as IncomingMessage);
    bodies.readBy(request as unknown as IncomingMessage, reader);
  }
  return bodies;
}

test('a body that stops coming is given up between one and two idle times later, once', (t) => {
  const one = upload();
  const chunked = upload({ 'transfer-encoding': 'chunked' });
  watching(t, one, chunked);
  mock.timers.tick(IDLE_MS);
  assert.deepEqual(one.stalls, []);
  mock.timers.tick(IDLE_MS);
  assert.deepEqual([one.stalls, chunked.stalls], [[IDLE_MS], [IDLE_MS]]);
  mock.timers.tick(10 * IDLE_MS);
  assert.equal(one.stalls.length, 1);
});

test('one that trickles, that the reader holds up, that has come, or that is none, is not', (t) => {
  const trickles = upload();
  const heldUp = upload();
  const complete = upload();
  const none = upload({ 'content-length': '0' });
  const get = upload({});
  heldUp.request.paused = true;
  complete.request.complete = true;
  watching(t, trickles, heldUp, complete, none, get);
  for (let i = 0; i < 5; i += 1) {
    trickles.socket.bytesRead += 1;
    mock.timers.tick(IDLE_MS);
  }
  assert.deepEqual(
    [trickles, heldUp, complete, none, get].map(({ stalls }) => stalls.length),
    [0, 0, 0, 0, 0],
  );
  heldUp.request.paused = false;
  mock.timers.tick(IDLE_MS);
  assert.equal(heldUp.stalls.length, 1);
});

test('the rest of a body that was answered before its end is watched; nobody is told, the connection ends', (t) => {
  const early = upload();
  const bodies = watching(t, early);
  bodies.answered(early.request as unknown as IncomingMessage);
  mock.timers.tick(2 * IDLE_MS);
  assert.deepEqual([early.stalls.length, early.socket.destroyed], [0, true]);
});
