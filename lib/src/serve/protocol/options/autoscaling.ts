import { duration, InvalidOption, integer, type OptionSpec, parseOptions, positive } from '../../../core/index.js';
import type { AutoscalingConfig } from '../config.js';
import type { AutoscalingPolicy } from '../policy.js';

const initialReplicas: OptionSpec<number | null> = {
  doc: 'Number of replicas that the first deploy starts. Set it if the load is high from the beginning.',
  type: 'number',
  expected: 'an integer of at least 0',
  default: null,
  defaultText: '`minReplicas`',
  parse: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
};

const policy: OptionSpec<AutoscalingPolicy | undefined> = {
  doc: 'Function that returns the wanted number of replicas. Set it if the number should depend on more than the load, such as the time of day. It runs in a process of its own, which is the deployment `<name>.policy` of the application.',
  type: 'AutoscalingPolicy',
  expected: 'a function such as ({ suggestedReplicas }) => suggestedReplicas + 1',
  default: undefined,
  defaultText: 'the load divided by `targetOngoingRequests`',
  parse: (value) => (isPlainFunction(value) ? value : undefined),
};

/** Excludes classes, which must be called with `new`, and generators, which do not return a number. */
function isPlainFunction(value: unknown): value is AutoscalingPolicy {
  if (typeof value !== 'function' || Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false) return false;
  // Functions of a cell come from another realm, so the tag is checked and not the prototype.
  return !Object.prototype.toString.call(value).includes('Generator');
}

/** Every option of `autoscaling`; names and defaults are Ray Serve's. */
export const AUTOSCALING_OPTIONS = {
  minReplicas: integer({
    doc: 'Smallest number of replicas. With 0, all replicas stop while there are no requests; the next request starts a replica and waits for it. Raise it if peaks come faster than replicas start.',
    default: 1,
    min: 0,
    max: 10_000,
  }),
  maxReplicas: integer({
    doc: 'Largest number of replicas. Raise it to what your machines can run.',
    default: 1,
    min: 1,
    max: 10_000,
  }),
  initialReplicas,
  targetOngoingRequests: positive({
    doc: 'Target number of requests for each replica, in progress or waiting. Set it lower for faster answers, and higher for fewer replicas.',
    default: 2,
  }),
  upscaleDelay: duration({
    doc: 'How long the load must call for more replicas before they are started. With no replica running, the first request starts one at once. Lower it if the load rises fast and replicas start fast.',
    where: 'autoscaling.upscaleDelay',
    default: 30_000,
  }),
  downscaleDelay: duration({
    doc: 'How long fewer replicas must be enough before the others are stopped. Raise it if replicas start slowly and the load comes in waves.',
    where: 'autoscaling.downscaleDelay',
    default: 600_000,
  }),
  metricsInterval: duration({
    doc: 'How often the routers report the load to the controller. Lower it if `upscaleDelay` is shorter than this.',
    where: 'autoscaling.metricsInterval',
    default: 10_000,
  }),
  lookBackPeriod: duration({
    doc: 'Time over which the load is averaged. Set it longer if short peaks should not start replicas.',
    where: 'autoscaling.lookBackPeriod',
    default: 30_000,
  }),
  upscalingFactor: positive({
    doc: 'Factor for a step up: above 1 adds more replicas than the load calls for, below 1 adds fewer. Raise it if the load rises faster than replicas are added.',
    default: 1,
  }),
  downscalingFactor: positive({
    doc: 'Factor for a step down, in the same way. Lower it if too many replicas are stopped at once.',
    default: 1,
  }),
  policy,
} as const;

/** The settings that `numReplicas: 'auto'` means, as in Ray Serve. */
export const AUTO_REPLICAS = { minReplicas: 1, maxReplicas: 100, targetOngoingRequests: 2 } as const;

const WHERE = 'autoscaling';

/** The policy is only checked here; it is deployed separately. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
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
