/**
 * Runs in a thread of every child. It watches the owner's pipe, and ends the process, with all that it started, when the owner has ended or when the main
 * thread is blocked for longer than its limit. It uses SIGKILL, because the main thread may be in a loop that no handler can interrupt. It also reports to
 * the owner while a call blocks the main thread.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { DO_YOU_TURN, type WatchOrder } from './block-limit.js';
import { type DebugOrder, isDebugOrder, letDebug } from './debug-server.js';
import { type ChildMessage, LIFELINE_FD, tell } from './lifeline.js';

const LOOK_EVERY_MS = 250;
/** After so many looks without a running call, the watcher stops. */
const IDLE_LOOKS = 40;
/** A main thread that does not answer for so long is blocked. This is reported to the owner, repeatedly as long as it is blocked. */
const TELL_AFTER_MS = 500;
const TELL_EVERY_MS = 1000;

function end(): void {
  try {
    // The child leads a process group of its own, so this also ends what user code has spawned.
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
lifeline.on('data', () => {});
lifeline.on('error', end);
lifeline.on('close', end);

/** How many debuggers say that the main thread stands at a breakpoint. */
let holders = 0;
let telling: NodeJS.Timeout | undefined;

/** A main thread at a breakpoint cannot answer, and nothing is wrong with it. */
function onHold(isHeld: boolean): void {
  holders += isHeld ? 1 : -1;
  if (holders > 0 && telling === undefined) {
    const since = Date.now();
    const report = (): void => tell({ kind: 'blocked', since, isOver: false, isDebugged: true } satisfies ChildMessage);
    report();
    telling = setInterval(report, TELL_EVERY_MS);
  } else if (holders === 0) {
    clearInterval(telling);
    telling = undefined;
    tell({ kind: 'unblocked' } satisfies ChildMessage);
  }
}

/** Watches whether the main thread answers, as long as it works on calls. */
function watch({ limit, error }: WatchOrder): void {
  const { times, counts } = limit;
  let idleLooks = 0;
  /** True after the watcher has set that it no longer watches. */
  let isLeaving = false;
  let lookedAt = performance.now();
  let answers = Atomics.load(counts, 1);
  let asked = answers;
  /** When the main thread last answered or had no call. A thread that ends one call and begins the next in the same turn of the event loop has not answered. */
  let aliveAt = lookedAt;
  /** Since when the limit applies and the main thread has not answered. */
  let overSince: number | undefined;
  let toldAt: number | undefined;
  /** Since when it is blocked, as reported to the owner (epoch, ms). */
  let since = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    if (holders > 0) {
      // Its limits begin again when it goes on.
      lookedAt = now;
      aliveAt = now;
      overSince = undefined;
      toldAt = undefined;
      return;
    }
    // The whole process was stopped, so the main thread could not answer.
    const wasStopped = now - lookedAt > 4 * LOOK_EVERY_MS;
    lookedAt = now;
    const calls = Atomics.load(counts, 2);
    const answered = Atomics.load(counts, 1);
    const isAlive = calls === 0 || wasStopped || answered !== answers;
    answers = answered;
    if (isAlive) aliveAt = now;
    if (isAlive && toldAt !== undefined) {
      toldAt = undefined;
      tell({ kind: 'unblocked' } satisfies ChildMessage);
    }
    idleLooks = calls === 0 ? idleLooks + 1 : 0;
    if (isLeaving) {
      isLeaving = false;
      // A call may have begun meanwhile that saw the watcher still watching.
      if (calls === 0 || Atomics.exchange(counts, 0, 1) === 1) return clearInterval(timer);
    }
    if (calls === 0) {
      overSince = undefined;
      isLeaving = idleLooks >= IDLE_LOOKS;
      if (isLeaving) Atomics.store(counts, 0, 0);
      return;
    }
    // There is one open question at a time.
    if (answered >= asked) {
      asked = answered + 1;
      parentPort?.postMessage(DO_YOU_TURN);
    }
    const [fromMs, forMs] = times as unknown as [number, number];
    const isOver = Date.now() >= fromMs;
    if (!isOver) overSince = undefined;
    else if (overSince === undefined || isAlive) overSince = now;
    if (now - aliveAt >= TELL_AFTER_MS && (toldAt === undefined || now - toldAt >= TELL_EVERY_MS)) {
      if (toldAt === undefined) since = Math.round(Date.now() - (now - aliveAt));
      toldAt = now;
      tell({ kind: 'blocked', since, isOver } satisfies ChildMessage);
    }
    if (overSince === undefined || now - overSince <= forMs) return;
    tell({ kind: 'failed', error, name: 'STUCK' } satisfies ChildMessage);
    // Not with console, which goes through the main thread.
    writeSync(2, `${error.message}\n`);
    end();
  }, LOOK_EVERY_MS);
}

parentPort?.on('message', (order: WatchOrder | DebugOrder) => {
  if (isDebugOrder(order)) void letDebug(order, onHold).then((answer) => parentPort?.postMessage(answer));
  else watch(order);
});
// Otherwise the port would keep this thread and the process alive when the main thread has ended.
parentPort?.unref();
