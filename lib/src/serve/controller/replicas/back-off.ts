import { ReplicaState } from '../../protocol/index.js';

/** Pauses before the n-th replacement in a row: none, 0.5 s, 1 s, 2 s … 30 s. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** If a replica has run this long, it works in principle: when it dies, counting begins again. */
const PROVEN_AFTER_MS = 10_000;

/** The last failure of a group of replicas, and how many there were in a row. */
export interface Failure {
  readonly count: number;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  /** No replacement starts before this time, in milliseconds since the epoch. */
  readonly retryAt: number;
  readonly error: Error;
  /** True if it failed to start (constructor, crash, deadline); false if it died while it ran. */
  readonly onStart: boolean;
  /** True if a replica that began to run after it has proven itself, or none was needed ({@link provenAt}). Then it is only shown as the last failure. */
  readonly isOver: boolean;
}

/** The failure if it still matters. */
export const presentFailure = (failure: Failure | undefined): Failure | undefined =>
  failure?.isOver === true ? undefined : failure;

/**
 * When the failure will be over, if none of the group's replicas fails until then; `Infinity` if none has begun to run after it, unless no other one is
 * wanted any more. Pure.
 */
export function provenAt(
  { at }: Failure,
  replicas: readonly { readonly state: ReplicaState; readonly since: number }[],
  wanted: number,
): number {
  const running = replicas.filter(({ state }) => state === ReplicaState.RUNNING);
  const later = running.filter(({ since }) => since >= at);
  if (later.length === 0 && running.length > 0 && running.length >= wanted) return at + PROVEN_AFTER_MS;
  return Math.min(...later.map(({ since }) => since + PROVEN_AFTER_MS));
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
  const last = presentFailure(before);
  const count = last === undefined || (ranMs !== null && ranMs >= PROVEN_AFTER_MS) ? 1 : last.count + 1;
  return { count, at: now, retryAt: now + pauseMs(count), error, onStart: ranMs === null, isOver: false };
}
