/**
 * Counts of latencies in buckets that grow geometrically: bucket `i` ends at `0.1 ms · 2^(i/8)`. So a value that is read from it is at most 9.1 %
 * (2^(1/8) - 1) above the true one, from 0.1 ms to 29 min. A bucket without any request has no entry.
 */
export type LatencyCounts = Readonly<Record<number, number>>;

const FIRST_MS = 0.1;
const BUCKETS_PER_OCTAVE = 8;
const LAST_BUCKET = 24 * BUCKETS_PER_OCTAVE;

/** @param ms at least 0 */
export function latencyBucket(ms: number): number {
  if (ms <= FIRST_MS) return 0;
  return Math.min(LAST_BUCKET, Math.ceil(BUCKETS_PER_OCTAVE * Math.log2(ms / FIRST_MS)));
}

/** The latency in milliseconds at which a bucket ends. */
export const bucketEndMs = (bucket: number): number => FIRST_MS * 2 ** (bucket / BUCKETS_PER_OCTAVE);

/**
 * The latency in milliseconds that this share of the requests did not exceed; `null` if there were no requests.
 * @param part from 0 to 1, e.g. 0.95
 */
export function latencyQuantile(counts: LatencyCounts, part: number): number | null {
  const buckets = Object.keys(counts)
    .map(Number)
    .sort((a, b) => a - b);
  const total = buckets.reduce((sum, bucket) => sum + (counts[bucket] ?? 0), 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(part * total));
  let seen = 0;
  for (const bucket of buckets) {
    seen += counts[bucket] ?? 0;
    if (seen >= rank) return bucketEndMs(bucket);
  }
  return null;
}

/** Adds the counts of `more` to `counts`, which is changed. */
export function addLatencies(counts: Record<number, number>, more: LatencyCounts): void {
  for (const [bucket, count] of Object.entries(more)) counts[Number(bucket)] = (counts[Number(bucket)] ?? 0) + count;
}
