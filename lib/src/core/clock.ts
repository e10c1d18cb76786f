import { timerMs } from './duration.js';

/** Time as a dependency, so that deciders and their tests need no real clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` after `delayMs`; returns what cancels it. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, timerMs(delayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
