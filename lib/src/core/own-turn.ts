import { AsyncResource } from 'node:async_hooks';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Fifo } from './fifo.js';

const waiting = new Fifo<() => void>();
let ports: { readonly receiver: MessagePort; readonly sender: MessagePort } | undefined;

let isInterrupted = false;

/** Call this in a notebook, whose code interrupts end. In other processes, {@link inOwnTurn} runs the work at once. */
export function expectInterrupts(): void {
  isInterrupted = true;
}

/**
 * Runs the work in a turn of the event loop of its own, in the context of this call. In a notebook, an interrupt makes V8 drop all microtasks that the
 * interrupted code has left, so work begun there may never go on. Work whose promise is kept for later callers must begin with this. Node drops immediates
 * too, but no messages.
 */
export function inOwnTurn<T>(work: () => Promise<T>): Promise<T> {
  if (!isInterrupted) return work();
  return new Promise((resolve, reject) => {
    const begin = (): void => void work().then(resolve, reject);
    waiting.push(AsyncResource.bind(begin));
    ports ??= open();
    ports.receiver.ref();
    ports.sender.postMessage(0);
  });
}

function open(): NonNullable<typeof ports> {
  const { port1: receiver, port2: sender } = new MessageChannel();
  receiver.on('message', () => {
    const begin = waiting.shift();
    // An interrupt may have hit the delivery of a message, and then there is one less than there is work.
    if (waiting.size > 0) sender.postMessage(0);
    else receiver.unref();
    begin?.();
  });
  return { receiver, sender };
}
