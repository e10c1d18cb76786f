import inspector from 'node:inspector';
import { terminateIsolate } from './isolate.js';
import { TERMINATION, Termination } from './messages.js';
import { type Reach, unwindExpression } from './unwind.js';

const POLL_MS = 1;
/**
 * An order that has no effect for so long is repeated. Node takes a termination that hits its handler of rejected promises for one of that handler alone, and
 * the inspector gives no second order before the first one has had its effect, so V8 is asked itself.
 */
const LOST_MS = 300;

/**
 * Waits for as long as it takes: inside native code the main thread answers only afterwards. From the abort on an answer is refused, as it would
 * come too late.
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
 * Control thread: ends the JavaScript that the main thread runs, where it runs any that may be ended. State is kept;
 * `finally` blocks do not run. The order reaches the main thread while it waits for it, so nothing runs in between.
 * @returns whether code was ended
 * @param signal nobody waits any more: the main thread has answered, or is given up
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
    // A session left open makes Node wait for "the debugger" at the end.
    session.disconnect();
  }
}
