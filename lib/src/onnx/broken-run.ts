import type { Feeds } from './types.js';

/**
 * After a run that asks for more than 2^63 bytes, the allocator of a session doubles its next region beyond what a number holds, and refuses
 * every larger region from then on.
 */
const BREAKS = /integer overflow/i;

/** Whether a run has failed because its session is broken. */
export const isBreak = (error: unknown): boolean => BREAKS.test(String((error as Error | null)?.message));

const inputs = new WeakMap<object, Feeds>();

/** Notes what a run has read if its session is broken, because the caller may have changed its arrays since. Other errors cost nothing. */
export function noteInputs(error: unknown, read: () => Feeds): void {
  if (isBreak(error) && error instanceof Error) inputs.set(error, read());
}

/** What the run has read that failed with this error; undefined if nobody has noted it. */
export const inputsOf = (error: unknown): Feeds | undefined => inputs.get(error as object);
