import { MessageChannel } from 'node:worker_threads';

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];

port1.on('message', () => waiting.shift()?.());
// The kernel lives as long as its sockets do.
port1.unref();

/**
 * Runs `work` in a turn of the event loop of its own. User code must start and continue only in such turns: when it is
 * terminated, V8 drops every microtask that waits, and Node every immediate; a message port loses nothing.
 */
export function inOwnTurn(work: () => void): void {
  waiting.push(work);
  port2.postMessage(0);
}

const { setImmediate, setTimeout, clearTimeout } = globalThis;

/** After this time immediates count as dropped, and are asked for anew. */
const RESCUE_MS = 50;

/** Runs `work` in a turn of its own, after what has arrived by now from other threads and sockets: an interrupt may be among it. */
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
    // The first one ends a turn that may have looked at its sockets long ago; the next one looks at all of them.
    setImmediate(() => setImmediate(begin));
  };
  wait();
}

/** Resolves in a turn of its own. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => inOwnTurn(resolve));
