/**
 * Runs in a worker thread of every child: holds the owner's pipe and ends the process, with all that it started, when the owner is
 * gone, or when the main thread is blocked for longer than it may be. SIGKILL, because the main thread may be in a loop that no handler can interrupt.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import type { WatchOrder } from './block-limit.js';
import { type ChildMessage, LIFELINE_FD } from './local/lifeline-protocol.js';
import { tell } from './local/tell.js';

const LOOK_EVERY_MS = 250;
/** After so many looks with no limit set the watcher stops looking. */
const IDLE_LOOKS = 40;

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

/** Looks whether the main thread answers, from the moment on from which it has to. */
function watch({ limit, error }: WatchOrder): void {
  const { times, counts } = limit;
  let idleLooks = 0;
  let lookedAt = performance.now();
  /** Since when it is known not to have answered, and the answers until then. */
  let silentSince: number | null = null;
  let answers = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    // The whole process was stopped: the main thread had no chance to answer either.
    const wasStopped = now - lookedAt > 4 * LOOK_EVERY_MS;
    lookedAt = now;
    const [fromMs, forMs] = times as unknown as [number, number];
    if (Date.now() < fromMs) {
      silentSince = null;
      idleLooks = fromMs === Number.POSITIVE_INFINITY ? idleLooks + 1 : 0;
      if (idleLooks < IDLE_LOOKS) return;
      Atomics.store(counts, 0, 0);
      // It may have been set meanwhile by somebody who saw us look.
      if (times[0] === Number.POSITIVE_INFINITY || Atomics.exchange(counts, 0, 1) === 1) clearInterval(timer);
      return;
    }
    idleLooks = 0;
    const answered = Atomics.load(counts, 1);
    if (silentSince === null || wasStopped || answered !== answers) silentSince = now;
    answers = answered;
    parentPort?.postMessage('do you turn?');
    if (now - silentSince <= forMs) return;
    tell({ kind: 'failed', error, name: 'STUCK' } satisfies ChildMessage);
    // Past console, which goes through the main thread.
    writeSync(2, `${error.message}\n`);
    end();
  }, LOOK_EVERY_MS);
}

parentPort?.on('message', watch);
// The port would keep this thread, and with it the process, when the main thread has ended.
parentPort?.unref();
