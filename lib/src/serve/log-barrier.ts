import { setTimeout as delay } from 'node:timers/promises';
import { opCaller } from '../ipc/index.js';
import { runningCluster } from './own-cluster.js';

/** An operation that the agent answers at once; what it says is not read. */
interface RoundTrip {
  list: { args: undefined; result: unknown };
}

/**
 * What a replica printed before it answered lies in the agent's pipe when the answer is here. The first round trip makes the agent read it, the second comes
 * back behind it; each one more brings another thousand lines.
 */
const ROUND_TRIPS = 4;

/** Resolves once what the cluster's processes printed by now was handed on, or after `limitMs`. Where no cluster runs, at once. Never rejects. */
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
