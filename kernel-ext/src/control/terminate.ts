import inspector from 'node:inspector';
import { TERMINATION } from './messages.js';
import { Termination } from './termination.js';
import { UNWIND_EXPRESSION } from './unwind.js';

/** How long to wait for the main thread's answer; inside native code it answers only afterwards. */
const ANSWER_MS = 1000;
const POLL_MS = 1;

/** Waits until the main thread has answered. @returns the state then */
async function answer(shared: Int32Array): Promise<number> {
  const end = performance.now() + ANSWER_MS;
  for (;;) {
    const state = Atomics.load(shared, TERMINATION);
    if (state !== Termination.ASKED) return state;
    // From here on an answer is refused, as it would come too late.
    if (performance.now() > end) return Atomics.compareExchange(shared, TERMINATION, Termination.ASKED, Termination.REFUSED);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Control thread: ends the JavaScript that the main thread runs, where it runs any that may be ended. State is kept;
 * `finally` blocks do not run. The order reaches the main thread while it waits for it, so nothing runs in between.
 */
export async function terminateMain(shared: Int32Array): Promise<void> {
  const session = new inspector.Session();
  session.connectToMainThread();
  try {
    let state: number;
    do {
      Atomics.store(shared, TERMINATION, Termination.ASKED);
      session.post('Runtime.evaluate', { expression: UNWIND_EXPRESSION });
      state = await answer(shared);
    } while (state === Termination.AGAIN);
    if (state !== Termination.READY) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS);
      session.post('Runtime.terminateExecution', () => {
        clearTimeout(timer);
        resolve();
      });
      Atomics.store(shared, TERMINATION, Termination.ORDERED);
    });
  } finally {
    // A session left open makes Node wait for "the debugger" at the end.
    session.disconnect();
  }
}
