import { MessageChannel } from 'node:worker_threads';

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];

port1.on('message', () => {
  const work = waiting.shift();
  // A termination may hit the delivery of a message before this handler runs. Then there is one message less than work that waits.
  if (waiting.length > 0) port2.postMessage(0);
  work?.();
});
// The port must not keep the process alive: the sockets do that.
port1.unref();

/**
 * Runs `work` in its own turn of the event loop. User code must start and continue only in such turns, because a termination makes V8 drop every waiting
 * microtask, and Node every immediate. A message port loses nothing.
 */
export function inOwnTurn(work: () => void): void {
  waiting.push(work);
  port2.postMessage(0);
}

const { setImmediate, setTimeout, clearTimeout } = globalThis;

/** If an immediate has not run after this time, it was dropped, and a new one is set. */
const RESCUE_MS = 50;

/** Runs `work` in its own turn, after the messages that have already arrived from other threads and sockets. One of them may be an interrupt. */
export function afterArrivals(work: () => void): void {
  let begun = false;
  let rescue: NodeJS.Timeout | undefined;
  const begin = (): void => {
    if (begun) return;
    begun = true;
    clearTimeout(rescue);
    inOwnTurn(work);
  };
  const wait = (): void => {
    rescue = setTimeout(wait, RESCUE_MS);
    // The first immediate ends a turn that may have read its sockets long ago. The next turn reads all of them.
    setImmediate(() => setImmediate(begin));
  };
  wait();
}

/** Resolves in its own turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => inOwnTurn(resolve));
