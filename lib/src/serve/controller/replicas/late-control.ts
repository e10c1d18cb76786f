import { type Clock, deferred } from '../../../core/index.js';
import type { ConnectControl, ReplicaControl } from './replica-control.js';

/** A replica that does not answer is tried again after so long. */
const TRY_AGAIN_MS = 500;
/** What a drain of a running replica may take beyond its own deadline. */
const DRAIN_ANSWER_MS = 2000;

/**
 * A link to a replica that cannot be connected to yet, because its main thread is blocked. What is asked of it waits until that thread turns
 * again; only a drain waits no longer than it may take.
 */
export function lateControl(path: string, connectControl: ConnectControl, clock: Clock): ReplicaControl {
  let isClosed = false;
  let isWaiting = true;
  const { promise: closed, resolve: close } = deferred<void>();
  const connecting = (async () => {
    for (;;) {
      const link = await connectControl(path).catch(() => null);
      if (isClosed) link?.close();
      if (isClosed) throw new Error(`the connection to ${path} was given up`);
      isWaiting = link === null;
      if (link !== null) return link;
      await new Promise<void>((resolve) => clock.after(TRY_AGAIN_MS, resolve));
    }
  })();
  connecting.then(
    (link) => link.closed.then(close),
    () => {},
  );
  return {
    initialize: async (init) => (await connecting).initialize(init),
    status: async (timeoutMs) => (await connecting).status(timeoutMs),
    checkHealth: async () => (await connecting).checkHealth(),
    ask: async (argument, timeoutMs) => (await connecting).ask(argument, timeoutMs),
    reconfigure: async (config) => (await connecting).reconfigure(config),
    drain: (timeoutMs) =>
      new Promise((resolve, reject) => {
        const cancel = clock.after(timeoutMs + DRAIN_ANSWER_MS, resolve);
        connecting
          .then((link) => link.drain(timeoutMs))
          .then(resolve, reject)
          .finally(cancel);
      }),
    get isWaiting() {
      return isWaiting;
    },
    closed,
    close() {
      isClosed = true;
      close();
      connecting.then(
        (link) => link.close(),
        () => {},
      );
    },
  };
}
