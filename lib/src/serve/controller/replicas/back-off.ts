/** The pause before the n-th replacement in a row: none, 0.5 s, 1 s, 2 s … 30 s. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A replica that ran this long has shown that it can: its death starts the count anew. */
const PROVEN_AFTER_MS = 10_000;

/** Failures in a row of one group of replicas. */
export interface Failure {
  readonly count: number;
  /** No replacement before, in milliseconds since the epoch. */
  readonly retryAt: number;
  readonly error: Error;
  /** It failed to start (constructor, crash, deadline), as against dying while it ran. */
  readonly onStart: boolean;
}

/** Deaths in a row, and failed starts in a row, after which waiting for the next replica makes little sense. */
const DEATHS = 3;
const FAILED_STARTS = 2;

/** The next replica is likely to fail too; it is tried all the same, with growing pauses. */
export function keepsFailing({ count, onStart }: Failure): boolean {
  return count >= (onStart ? FAILED_STARTS : DEATHS);
}

export function pauseMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 2));
}

/**
 * Adds a failure.
 * @param ranMs how long the replica had been RUNNING; `null` where it never was
 */
export function addFailure(before: Failure | undefined, error: Error, ranMs: number | null, now: number): Failure {
  const count = before === undefined || (ranMs !== null && ranMs >= PROVEN_AFTER_MS) ? 1 : before.count + 1;
  return { count, retryAt: now + pauseMs(count), error, onStart: ranMs === null };
}
