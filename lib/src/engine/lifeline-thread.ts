/**
 * Runs in a worker thread of every child: holds the owner's pipe and ends the process, with all that it started, when the owner is
 * gone, or when the main thread is blocked for longer than it may be. SIGKILL, because the main thread may be in a loop that no handler can
 * interrupt. Tells the owner while a call blocks the main thread.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import type { WatchOrder } from './block-limit.js';
import { type ChildMessage, LIFELINE_FD, tell } from './lifeline.js';

const LOOK_EVERY_MS = 250;
/** After so many looks with no call at work the watcher stops looking. */
const IDLE_LOOKS = 40;
/** A main thread that is silent for so long is blocked; the owner is told, and told again for as long as it is. */
const TELL_AFTER_MS = 500;
const TELL_EVERY_MS = 1000;

function end(): void {
  try {
    // The child leads a process group of its own: what user code has spawned goes with it.
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
lifeline.on('data', () => {});
lifeline.on('error', end);
lifeline.on('close', end);

/** Looks whether the main thread answers, as long as it works on calls. */
function watch({ limit, error }: WatchOrder): void {
  const { times, counts } = limit;
  let idleLooks = 0;
  /** It was said that nobody looks any more. */
  let isLeaving = false;
  let lookedAt = performance.now();
  let answers = Atomics.load(counts, 1);
  let asked = answers;
  /** It had answered, or worked on nothing. One that ends one call and begins the next in the same turn has not. */
  let aliveAt = lookedAt;
  /** Since when it has been past its limit without a sign of life. */
  let overSince: number | null = null;
  let toldAt: number | null = null;
  /** Epoch, ms: what the owner was told. */
  let since = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    // The whole process was stopped: the main thread had no chance to answer either.
    const wasStopped = now - lookedAt > 4 * LOOK_EVERY_MS;
    lookedAt = now;
    const calls = Atomics.load(counts, 2);
    const answered = Atomics.load(counts, 1);
    const isAlive = calls === 0 || wasStopped || answered !== answers;
    answers = answered;
    if (isAlive) aliveAt = now;
    if (isAlive && toldAt !== null) {
      toldAt = null;
      tell({ kind: 'unblocked' } satisfies ChildMessage);
    }
    idleLooks = calls === 0 ? idleLooks + 1 : 0;
    if (isLeaving) {
      isLeaving = false;
      // A call may have begun meanwhile for which we were seen to look.
      if (calls === 0 || Atomics.exchange(counts, 0, 1) === 1) return clearInterval(timer);
    }
    if (calls === 0) {
      overSince = null;
      isLeaving = idleLooks >= IDLE_LOOKS;
      if (isLeaving) Atomics.store(counts, 0, 0);
      return;
    }
    // One question at a time.
    if (answered >= asked) {
      asked = answered + 1;
      parentPort?.postMessage('do you turn?');
    }
    const [fromMs, forMs] = times as unknown as [number, number];
    const isOver = Date.now() >= fromMs;
    if (!isOver) overSince = null;
    else if (overSince === null || isAlive) overSince = now;
    if (now - aliveAt >= TELL_AFTER_MS && (toldAt === null || now - toldAt >= TELL_EVERY_MS)) {
      if (toldAt === null) since = Math.round(Date.now() - (now - aliveAt));
      toldAt = now;
      tell({ kind: 'blocked', since, isOver } satisfies ChildMessage);
    }
    if (overSince === null || now - overSince <= forMs) return;
    tell({ kind: 'failed', error, name: 'STUCK' } satisfies ChildMessage);
    // Past console, which goes through the main thread.
    writeSync(2, `${error.message}\n`);
    end();
  }, LOOK_EVERY_MS);
}

parentPort?.on('message', watch);
// The port would keep this thread, and with it the process, when the main thread has ended.
parentPort?.unref();
