import { setTimeout as delay } from 'node:timers/promises';
import { listLocalClusters } from 'nbserve/host';

const LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Waits for the end of the cluster of a process that was killed: its agent sees that by itself. */
export async function clusterGone(owner: string): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end && listLocalClusters().some(({ ownerKey }) => ownerKey === owner)) await delay(POLL_MS);
}
