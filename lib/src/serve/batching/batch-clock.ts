import type { Clock } from '../../core/index.js';

/** Times of any origin. Unlike the system's clock it keeps the process alive: whoever waits for a batch is to get an answer. */
export const batchClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    if (delayMs <= 0) {
      const tick = setImmediate(action);
      return () => clearImmediate(tick);
    }
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
