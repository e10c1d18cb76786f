import inspector from 'node:inspector';
import { POSTED } from './messages.js';
import { UNWIND_EXPRESSION } from './unwind.js';

/** How long to wait for the inspector's answer; a main thread inside native code answers only afterwards. */
const ANSWER_MS = 2000;

/**
 * Control thread: ends the JavaScript that the main thread runs. State is kept; `finally` blocks do not run.
 * The two requests are dispatched in one go, because the first waits until the second is posted.
 */
export async function terminateMain(shared: Int32Array): Promise<void> {
  const session = new inspector.Session();
  session.connectToMainThread();
  try {
    Atomics.store(shared, POSTED, 0);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS);
      session.post('Runtime.evaluate', { expression: UNWIND_EXPRESSION });
      session.post('Runtime.terminateExecution', () => {
        clearTimeout(timer);
        resolve();
      });
      Atomics.store(shared, POSTED, 1);
      Atomics.notify(shared, POSTED);
    });
  } finally {
    // A session left open makes Node wait for "the debugger" at the end.
    session.disconnect();
  }
}
