import type { Duration } from './duration.js';
import { defineError } from './errors.js';
import { shownValue } from './shown-value.js';

export const InvalidDuration = defineError(
  'NBS_INVALID_DURATION',
  400,
  "{option}: {value} is no duration; write milliseconds or a text such as '30s', '250ms', '5m', up to 596h",
);

/** The longest time of a timer, 24.8 days: it has 31 bits, and a timer with more fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A time that a timer can be set to: a sum of durations may be too long. */
export const timerMs = (ms: number): number => Math.min(ms, MAX_TIMER_MS);

/** A timer that is later than this was held up: the event loop was blocked, or the process or the machine was stopped. */
const HELD_UP_MS = 100;

/**
 * Runs what a timer does when a time is over. If it was held up, what has arrived meanwhile is read first, because timers come before sockets:
 * an answer that lies in a socket must not be declared missing.
 * @param dueAt when the timer was due, by the clock of `performance.now()`
 */
export function afterArrivals(dueAt: number, action: () => void): void {
  if (performance.now() - dueAt < HELD_UP_MS) action();
  else setImmediate(() => setImmediate(action));
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration. @throws NBS_INVALID_DURATION */
export function toMs(value: Duration, option = 'duration'): number {
  const ms = typeof value === 'number' ? value : msOfText(value);
  if (ms >= 0 && ms <= MAX_TIMER_MS) return ms;
  throw InvalidDuration({ option, value: typeof value === 'number' ? value : shownValue(value) });
}

function msOfText(value: unknown): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) : null;
  return match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** The clock as a dependency, so that code which decides, and its tests, need no real one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` after `delayMs`; returns a function that cancels it. The timer does not keep the process alive. */
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
