import type { Client } from './client.js';
import type { TrafficStatus } from './protocol/index.js';
import { trafficSpec } from './traffic-options.js';
import type { TrafficOptions } from './types.js';

/** Returns the current split of a prefix, or `null` if it has none. */
export async function trafficOf(client: Pick<Client, 'call'>, prefix: string): Promise<TrafficStatus | null> {
  const { traffic } = await client.call('status', undefined);
  return Object.hasOwn(traffic, prefix) ? (traffic[prefix] ?? null) : null;
}

/** Splits a prefix, or with `null` undoes that. @throws as `Serve.traffic` */
export function setTraffic(
  client: Client,
  prefix: string,
  weights: Readonly<Record<string, number>> | null,
  options: TrafficOptions = {},
): Promise<TrafficStatus | null> {
  return client.call('traffic', { prefix, spec: weights === null ? null : trafficSpec(weights, options) });
}
