import { type Duration, InvalidOption, integer, type OptionSpec, parseOptions, toMs } from '../core/index.js';
import type { AutoscalingConfig } from './protocol/index.js';
import type { AutoscalingPolicy } from './types.js';

const duration = (doc: string, option: string, fallback: number): OptionSpec<number> => ({
  doc,
  expected: "milliseconds, or a text such as '30s'",
  default: fallback,
  parse: (value) => toMs(value as Duration, `autoscaling.${option}`),
});

const positive = (doc: string, fallback: number): OptionSpec<number> => ({
  doc,
  expected: 'a number above 0',
  default: fallback,
  parse: (value) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined),
});

const initialReplicas: OptionSpec<number | null> = {
  doc: 'Replicas that the first deploy starts; by default `minReplicas`.',
  expected: 'an integer of at least 0',
  default: null,
  parse: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
};

const policy: OptionSpec<AutoscalingPolicy | undefined> = {
  doc: 'Says how many replicas there should be, in place of the load alone.',
  expected: 'a function such as ({ suggestedReplicas }) => suggestedReplicas + 1',
  default: undefined,
  parse: (value) => (isPlainFunction(value) ? value : undefined),
};

/** A class is called with `new`, and a generator gives no number. */
function isPlainFunction(value: unknown): value is AutoscalingPolicy {
  if (typeof value !== 'function' || Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false) return false;
  // By its tag: a cell's functions come from another realm.
  return !Object.prototype.toString.call(value).includes('Generator');
}

/** Every option of `autoscaling`; names and defaults are Ray Serve's. */
const AUTOSCALING_OPTIONS = {
  minReplicas: integer({ doc: 'Least replicas.', default: 1, min: 0, max: 10_000 }),
  maxReplicas: integer({ doc: 'Most replicas.', default: 1, min: 1, max: 10_000 }),
  initialReplicas,
  targetOngoingRequests: positive('Requests for each replica, worked on or waiting.', 2),
  upscaleDelay: duration('More replicas only after they were wanted for so long.', 'upscaleDelay', 30_000),
  downscaleDelay: duration('Fewer replicas only after they were enough for so long.', 'downscaleDelay', 600_000),
  metricsInterval: duration('How often the load is told.', 'metricsInterval', 10_000),
  lookBackPeriod: duration('The load is averaged over this time.', 'lookBackPeriod', 30_000),
  upscalingFactor: positive('Size of a step up.', 1),
  downscalingFactor: positive('Size of a step down.', 1),
  policy,
} as const;

/** What `numReplicas: 'auto'` stands for, as in Ray Serve. */
export const AUTO_REPLICAS = { minReplicas: 1, maxReplicas: 100, targetOngoingRequests: 2 } as const;

const WHERE = 'autoscaling';

/** The policy is checked here and travels as a deployment of its own. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function autoscalingConfig(options: Readonly<Record<string, unknown>>): AutoscalingConfig {
  const values = parseOptions(WHERE, AUTOSCALING_OPTIONS, options);
  const { minReplicas, maxReplicas, metricsInterval, lookBackPeriod } = values;
  const refuse = (option: string, expected: string, value: number): never => {
    throw InvalidOption({ where: WHERE, option, expected, value: String(value) });
  };
  if (maxReplicas < minReplicas) refuse('maxReplicas', `at least minReplicas (${minReplicas})`, maxReplicas);
  const initial = values.initialReplicas;
  if (initial !== null && (initial < minReplicas || initial > maxReplicas))
    refuse('initialReplicas', `from minReplicas (${minReplicas}) to maxReplicas (${maxReplicas})`, initial);
  if (metricsInterval <= 0) refuse('metricsInterval', 'above 0', metricsInterval);
  if (lookBackPeriod <= 0) refuse('lookBackPeriod', 'above 0', lookBackPeriod);
  return {
    minReplicas,
    maxReplicas,
    initialReplicas: initial,
    targetOngoingRequests: values.targetOngoingRequests,
    upscaleDelayMs: values.upscaleDelay,
    downscaleDelayMs: values.downscaleDelay,
    metricsIntervalMs: metricsInterval,
    lookBackPeriodMs: lookBackPeriod,
    upscalingFactor: values.upscalingFactor,
    downscalingFactor: values.downscalingFactor,
  };
}
