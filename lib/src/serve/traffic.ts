import { duration, InvalidOption, integer, type OptionSpec, parseOptions } from '../core/index.js';
import { requiredPrefix } from './application.js';
import type { Client } from './client.js';
import type { CanarySpec, StickyBy, TrafficSpec, TrafficStatus } from './protocol/index.js';
import type { CanaryOptions, TrafficOptions } from './types.js';

const stickyBy: OptionSpec<StickyBy | undefined> = {
  doc: "`{ header: 'x-user' }`, `{ cookie: 'session' }` or `{ query: 'user' }`: requests with the same value go to the same version. Requests without the value are split by weight. Set it if a user should always see the same version.",
  type: 'StickyBy',
  expected: "one of { header: 'x-user' }, { cookie: 'session' } and { query: 'user' }",
  default: undefined,
  parse: parseStickyBy,
};

const mirror: OptionSpec<TrafficSpec['mirror'] | undefined> = {
  doc: 'Version that gets copies of requests and whose answers are discarded. `share` (0 to 1) copies only a part of the requests.',
  type: 'string | { readonly app: string; readonly share?: number }',
  expected: "a version, or { app: 'v2', share: 0.5 } with a share above 0 and at most 1",
  default: undefined,
  parse: parseMirror,
};

/** Every option of `serve.traffic`. */
export const TRAFFIC_OPTIONS = { stickyBy, mirror } as const;

const version = (doc: string, more: Pick<OptionSpec<unknown>, 'defaultText' | 'isRequired'>): OptionSpec<string | undefined> => ({
  doc,
  type: 'string',
  ...more,
  expected: 'the name of an application, or a version',
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});

const steps: OptionSpec<readonly number[]> = {
  doc: 'Shares of the requests that the version gets in each step. After the last step it gets all.',
  type: 'readonly number[]',
  expected: 'a list of growing numbers above 0 and at most 1, such as [0.05, 0.25, 1]',
  default: [0.05, 0.25, 0.5, 1],
  parse: (value) => (isSteps(value) ? value : undefined),
};

const part = (doc: string, fallback: number): OptionSpec<number> => ({
  doc,
  type: 'number',
  expected: 'a number from 0 to 1',
  default: fallback,
  parse: (value) => (isPart(value) ? value : undefined),
});

const maxErrorRateAboveBase: OptionSpec<number | null> = {
  doc: 'How far its error rate may be above that of the base, as a share. `null` means that they are not compared.',
  type: 'number | null',
  expected: 'a number from 0 to 1, or null',
  default: null,
  parse: (value) => (value === null || isPart(value) ? value : undefined),
};

const maxLatencyRatio: OptionSpec<number | null> = {
  doc: 'Highest allowed ratio of its p95 latency to that of the base. `null` means that they are not compared.',
  type: 'number | null',
  expected: 'a number of at least 1, or null',
  default: 1.5,
  parse: (value) => (value === null || (typeof value === 'number' && value >= 1 && Number.isFinite(value)) ? value : undefined),
};

/** Every option of `serve.canary`. */
export const CANARY_OPTIONS = {
  to: version('Version to try: the name of an application, or the `version` of its ingress.', { isRequired: true }),
  from: version('Version to compare with, which gets the other requests.', {
    defaultText: 'the version that has the requests now',
  }),
  steps,
  interval: duration({ doc: 'Shortest duration of each step.', where: 'serve.canary: interval', default: 30_000 }),
  minRequests: integer({
    doc: 'Smallest number of requests of the version in each step; the step waits for them.',
    default: 100,
    min: 1,
  }),
  maxErrorRate: part('Share of its requests that may fail (with a 5xx status, or a broken answer).', 0.01),
  maxErrorRateAboveBase,
  maxLatencyRatio,
  latencySlack: duration({
    doc: 'Difference between the two latencies that is always allowed.',
    where: 'serve.canary: latencySlack',
    default: 5,
  }),
  stickyBy: { ...stickyBy, doc: 'See `serve.traffic`.', defaultText: 'as it is' },
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function trafficSpec(weights: Readonly<Record<string, number>>, options: TrafficOptions): TrafficSpec {
  const where = 'serve.traffic';
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights))
    throw InvalidOption({ where, option: 'weights', expected: 'an object such as { v1: 0.9, v2: 0.1 }', value: typeof weights });
  const values = parseOptions(where, TRAFFIC_OPTIONS, { ...options });
  return { weights: { ...weights }, stickyBy: values.stickyBy ?? null, mirror: values.mirror ?? null };
}

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function canarySpec(options: CanaryOptions): CanarySpec {
  const where = 'serve.canary';
  const { to, from, interval, latencySlack, ...rules } = parseOptions(where, CANARY_OPTIONS, { ...options });
  if (to === undefined) throw InvalidOption({ where, option: 'to', expected: CANARY_OPTIONS.to.expected, value: 'nothing' });
  return { ...rules, to, from: from ?? null, intervalMs: Math.max(1, interval), latencySlackMs: latencySlack };
}

function parseStickyBy(value: unknown): StickyBy | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return undefined;
  const [kind, name] = entry;
  if (!['header', 'cookie', 'query'].includes(kind) || typeof name !== 'string' || name === '') return undefined;
  return { [kind]: name } as unknown as StickyBy;
}

function parseMirror(value: unknown): TrafficSpec['mirror'] | undefined {
  const given: unknown = typeof value === 'string' ? { app: value } : value;
  if (typeof given !== 'object' || given === null || Object.keys(given).some((key) => key !== 'app' && key !== 'share'))
    return undefined;
  const { app, share = 1 } = given as { readonly app?: unknown; readonly share?: unknown };
  if (typeof app !== 'string' || app === '' || !isPart(share) || share === 0) return undefined;
  return { app, share };
}

const isPart = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

function isSteps(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((step: unknown, i) => isPart(step) && step > (i === 0 ? 0 : (value[i - 1] as number)));
}

/** Returns the current split of a prefix, or `null` if it has none. */
export async function trafficOf(client: Pick<Client, 'call'>, prefix: string): Promise<TrafficStatus | null> {
  const { traffic } = await client.call('status', undefined);
  const at = requiredPrefix(prefix);
  return Object.hasOwn(traffic, at) ? (traffic[at] ?? null) : null;
}

/** Splits a prefix; `null` removes the split. @throws as `Serve.traffic` */
export async function setTraffic(
  client: Client,
  prefix: string,
  weights: Readonly<Record<string, number>> | null,
  options: TrafficOptions = {},
): Promise<TrafficStatus | null> {
  return client.call('traffic', {
    prefix: requiredPrefix(prefix),
    spec: weights === null ? null : trafficSpec(weights, options),
  });
}
