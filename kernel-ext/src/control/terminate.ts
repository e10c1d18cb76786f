import inspector from 'node:inspector';
import { terminateIsolate } from './isolate.js';
import { TERMINATION, Termination } from './messages.js';
import { type Reach, unwindExpression } from './unwind.js';

const POLL_MS = 1;
/**
 * If an order has no effect for so long, it is repeated. If a termination hits Node's handler of rejected promises, Node ends only that handler, and the
 * inspector gives no second order before the first had an effect. So the repeated order goes directly to V8.
 */
const LOST_MS = 300;

/**
 * Waits for the main thread's answer without a limit, because a thread inside native code answers only after it. After the abort, an answer is too late
 * and is refused.
 * @returns the state then
 */
async function answer(shared: Int32Array, signal: AbortSignal): Promise<number> {
  for (;;) {
    const state = Atomics.load(shared, TERMINATION);
    if (state !== Termination.ASKED) return state;
    if (signal.aborted) return Atomics.compareExchange(shared, TERMINATION, Termination.ASKED, Termination.REFUSED);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Is called in the control thread. It terminates the JavaScript that the main thread runs, if that may be terminated. State is kept, and `finally` blocks
 * do not run. The main thread waits for the order, so no other code runs in between.
 * @returns whether code was ended
 * @param signal aborts when nobody waits any more: the main thread has answered, or the kernel is restarted
 */
export async function terminateMain(shared: Int32Array, reach: Reach, signal: AbortSignal): Promise<boolean> {
  const session = new inspector.Session();
  session.connectToMainThread();
  try {
    Atomics.store(shared, TERMINATION, Termination.ASKED);
    let address: string | undefined;
    session.post('Runtime.evaluate', { expression: unwindExpression(reach) }, (_, reply) => {
      address = reply?.result.value as string | undefined;
    });
    const state = await answer(shared, signal);
    if (state !== Termination.READY) return false;
    if (signal.aborted) {
      Atomics.store(shared, TERMINATION, Termination.REFUSED);
      return false;
    }
    await new Promise<void>((resolve) => {
      const repeat = setInterval(() => {
        if (address !== undefined) terminateIsolate(address);
      }, LOST_MS);
      const done = (): void => {
        clearInterval(repeat);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      session.post('Runtime.terminateExecution', done);
      Atomics.store(shared, TERMINATION, Termination.ORDERED);
    });
    return true;
  } finally {
    // If a session stays open, Node waits for "the debugger" at the end.
    session.disconnect();
  }
}
