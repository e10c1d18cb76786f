/** Pauses before the n-th replacement in a row: none, 0.5 s, 1 s, 2 s … 30 s. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** If a replica has run this long, it works in principle: when it dies, counting begins again. */
const PROVEN_AFTER_MS = 10_000;

/** Failures in a row of one group of replicas. */
export interface Failure {
  readonly count: number;
  /** No replacement starts before this time, in milliseconds since the epoch. */
  readonly retryAt: number;
  readonly error: Error;
  /** True if it failed to start (constructor, crash, deadline); false if it died while it ran. */
  readonly onStart: boolean;
}

/** After this many deaths in a row, or failed starts in a row, requests should not wait for the next replica. */
const DEATHS = 3;
const FAILED_STARTS = 2;

/** Whether the next replica is likely to fail too. It is tried nevertheless, with growing pauses. */
export function keepsFailing({ count, onStart }: Failure): boolean {
  return count >= (onStart ? FAILED_STARTS : DEATHS);
}

export function pauseMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 2));
}

/** Adds a failure. @param ranMs how long the replica was RUNNING; `null` if it never was */
export function addFailure(before: Failure | undefined, error: Error, ranMs: number | null, now: number): Failure {
  const count = before === undefined || (ranMs !== null && ranMs >= PROVEN_AFTER_MS) ? 1 : before.count + 1;
  return { count, retryAt: now + pauseMs(count), error, onStart: ranMs === null };
}
