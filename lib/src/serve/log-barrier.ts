import { setTimeout as delay } from 'node:timers/promises';
import { opCaller } from '../ipc/index.js';
import { runningCluster } from './own-cluster.js';

/** An operation that the agent answers at once. Its answer is not read. */
interface RoundTrip {
  list: { args: undefined; result: unknown };
}

/**
 * When the answer of a replica has arrived, its earlier output is in the agent's pipe. The first round trip makes the agent read the pipe, and the
 * second one returns after that output. Each further one brings another thousand lines.
 */
const ROUND_TRIPS = 4;

/**
 * Resolves when the output of the cluster's processes up to now was passed on, or after `limitMs`. If no cluster runs, it resolves at once. Never
 * rejects.
 */
export async function logsDelivered(limitMs: number): Promise<void> {
  const over = new AbortController();
  const delivered = roundTrips().catch(() => {});
  await Promise.race([delivered, delay(limitMs, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}

async function roundTrips(): Promise<void> {
  const client = await runningCluster();
  if (client === null) return;
  const call = opCaller<RoundTrip>(client.cluster.agent);
  for (let i = 0; i < ROUND_TRIPS; i++) await call('list', undefined);
}
