import { type Duration, integer, type OptionSpec, parseOptions, toMs } from '../core/index.js';
import { AUTO_REPLICAS, autoscalingConfig } from './autoscaling-options.js';
import { HedgingNeedsIdempotent, OptionsExclude } from './errors.js';
import { hedgingConfig } from './hedging-options.js';
import type {
  AutoscalingConfig,
  DeploymentConfig,
  HedgingConfig,
  ReplicaAmount,
  Resources,
  RollingUpdate,
} from './protocol/index.js';
import type { DeploymentOptions, ResourceOptions } from './types.js';

const text = (doc: string): OptionSpec<string | undefined> => ({
  doc,
  expected: 'a text that is not empty',
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});

const duration = (doc: string, option: string, fallback: number): OptionSpec<number> => ({
  doc,
  expected: "milliseconds, or a text such as '30s'",
  default: fallback,
  parse: (value) => toMs(value as Duration, option),
});

const idempotent: OptionSpec<readonly string[] | true> = {
  doc: "Methods (`'fetch'` for HTTP) that may be run again after a replica died in them; `true` is all.",
  expected: "a list of method names such as ['fetch'], or true",
  default: [],
  parse: (value) => (value === true || isTexts(value) ? value : undefined),
};

const hedging: OptionSpec<HedgingConfig | undefined> = {
  doc: 'Sends a request that is slow to be answered to a second replica as well; the first answer wins. For `idempotent` methods only.',
  expected: "an object such as { delay: '50ms', maxExtra: 0.1 }",
  default: undefined,
  parse: (value) => (isRecord(value) ? hedgingConfig(value) : undefined),
};

const numReplicas: OptionSpec<number | 'auto'> = {
  doc: "Replica processes. `'auto'` is `autoscaling` from 1 to 100 replicas.",
  expected: "an integer from 0 to 10000, or 'auto'",
  default: 1,
  parse: (value) =>
    value === 'auto' || (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 10_000)
      ? (value as number | 'auto')
      : undefined,
};

const autoscaling: OptionSpec<AutoscalingConfig | undefined> = {
  doc: 'Lets the number of replicas follow the load; in place of `numReplicas`.',
  expected: 'an object such as { minReplicas: 1, maxReplicas: 4, targetOngoingRequests: 2 }',
  default: undefined,
  parse: (value) => (isRecord(value) ? autoscalingConfig(value) : undefined),
};

const userConfig: OptionSpec<unknown> = {
  doc: "Given to the class's `reconfigure`: after the constructor, and in running replicas when it changes.",
  expected: 'a JSON value',
  default: undefined,
  parse: (value) => (isJson(value) ? value : undefined),
};

const rollingUpdate: OptionSpec<RollingUpdate | undefined> = {
  doc: 'An update replaces some replicas at a time (`maxSurge`, `maxUnavailable`: a number, or a share such as `25%`), and both versions answer meanwhile; without it all are switched to at once.',
  expected: "an object such as { maxSurge: 1, maxUnavailable: 0 } of integers or shares such as '25%', not both 0",
  default: undefined,
  parse: parseRollingUpdate,
};

const env: OptionSpec<Readonly<Record<string, string>>> = {
  doc: 'Environment variables of the replicas.',
  expected: 'an object of texts',
  default: {},
  parse: (value) =>
    isRecord(value) && Object.values(value).every((v) => typeof v === 'string') ? (value as Record<string, string>) : undefined,
};

const resources: OptionSpec<Resources> = {
  doc: 'What a replica takes of its node; where there is no room it waits: cpu (cores), gpu (parts of one, or whole ones), memory (bytes), custom.',
  expected:
    'an object such as { cpu: 1, gpu: 0.5, memory: 2**30, custom: { accelerator: 1 } } of numbers of at least 0, gpu below 1 or whole',
  default: { cpu: 0, gpu: 0, memory: 0, custom: {} },
  parse: parseResources,
};

const requestTimeout: OptionSpec<number | null> = {
  doc: 'Deadline of a request, queueing included; then 504. `null` is none.',
  expected: "milliseconds, a text such as '30s', or null",
  default: null,
  parse: (value) => (value === null ? null : toMs(value as Duration, 'requestTimeout')),
};

/** Every option of a deployment: default, check, sentence for the docs. */
export const DEPLOYMENT_OPTIONS = {
  name: text("Name in handles, logs and the status; by default the class's or function's name."),
  version: text("The user's own word for what runs; shown in the status."),
  numReplicas,
  autoscaling,
  maxOngoingRequests: integer({ doc: 'Requests that one replica works on at a time.', default: 100, min: 1 }),
  maxQueuedRequests: integer({
    doc: 'Requests that wait while every replica is busy; above, 503 NBS_QUEUE_FULL. -1 is no limit.',
    default: -1,
    min: -1,
  }),
  requestTimeout,
  gracefulShutdownTimeout: duration(
    'How long a replica that is being replaced may finish what it has begun.',
    'gracefulShutdownTimeout',
    20_000,
  ),
  startupTimeout: duration("How long a replica's start may take, its constructor included.", 'startupTimeout', 60_000),
  stuckTimeout: duration(
    'How long user code may go on after its request was cancelled before its process is replaced.',
    'stuckTimeout',
    30_000,
  ),
  healthCheckPeriod: duration('How often a running replica is asked whether it is well.', 'healthCheckPeriod', 10_000),
  healthCheckTimeout: duration(
    'A replica that does not answer that within this time hangs, and is replaced.',
    'healthCheckTimeout',
    30_000,
  ),
  idempotent,
  rollingUpdate,
  hedging,
  userConfig,
  resources,
  env,
} as const;

/** Checks the options of a deployment and gives them in the form that the cluster works with. */
export function deploymentConfig(where: string, options: DeploymentOptions): DeploymentConfig {
  const values = parseOptions(where, DEPLOYMENT_OPTIONS, { ...options });
  if (values.autoscaling !== undefined && typeof options.numReplicas === 'number') throw OptionsExclude({ where });
  if (values.hedging !== undefined && values.idempotent !== true && values.idempotent.length === 0)
    throw HedgingNeedsIdempotent({ where });
  const scaled =
    values.numReplicas === 'auto' ? autoscalingConfig({ ...AUTO_REPLICAS, ...options.autoscaling }) : values.autoscaling;
  return {
    numReplicas: scaled === undefined ? (values.numReplicas as number) : (scaled.initialReplicas ?? scaled.minReplicas),
    ...(scaled === undefined ? {} : { autoscaling: scaled }),
    maxOngoingRequests: values.maxOngoingRequests,
    maxQueuedRequests: values.maxQueuedRequests,
    requestTimeoutMs: values.requestTimeout,
    gracefulShutdownTimeoutMs: values.gracefulShutdownTimeout,
    startupTimeoutMs: values.startupTimeout,
    stuckTimeoutMs: values.stuckTimeout,
    healthCheckPeriodMs: Math.max(1, values.healthCheckPeriod),
    healthCheckTimeoutMs: Math.max(1, values.healthCheckTimeout),
    idempotent: values.idempotent,
    ...(values.hedging === undefined ? {} : { hedging: values.hedging }),
    resources: values.resources,
    env: values.env,
    ...(values.userConfig === undefined ? {} : { userConfig: values.userConfig }),
    ...(values.rollingUpdate === undefined ? {} : { rollingUpdate: values.rollingUpdate }),
  };
}

/** `undefined` where they are not valid. */
export function parseResources(value: unknown): Resources | undefined {
  if (!isRecord(value)) return undefined;
  const known = ['cpu', 'gpu', 'memory', 'custom'];
  if (Object.keys(value).some((key) => !known.includes(key))) return undefined;
  const { cpu = 0, gpu = 0, memory = 0, custom = {} } = value as ResourceOptions;
  if (!isRecord(custom)) return undefined;
  if (typeof gpu === 'number' && gpu > 1 && !Number.isInteger(gpu)) return undefined;
  const amounts = [cpu, gpu, memory, ...Object.values(custom)];
  return amounts.every((n) => typeof n === 'number' && Number.isFinite(n) && n >= 0) ? { cpu, gpu, memory, custom } : undefined;
}

function parseRollingUpdate(value: unknown): RollingUpdate | undefined {
  if (!isRecord(value)) return undefined;
  if (Object.keys(value).some((key) => key !== 'maxSurge' && key !== 'maxUnavailable')) return undefined;
  const { maxSurge = 1, maxUnavailable = 0 } = value;
  if (!isAmount(maxSurge) || !isAmount(maxUnavailable)) return undefined;
  // Nothing could ever move.
  return [maxSurge, maxUnavailable].every((amount) => Number.parseFloat(String(amount)) === 0)
    ? undefined
    : { maxSurge, maxUnavailable };
}

function isAmount(value: unknown): value is ReplicaAmount {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && /^\d{1,3}(\.\d+)?%$/.test(value) && Number.parseFloat(value) <= 100;
}

/** Stays what it is on its way through JSON. */
function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && Object.values(value).every(isJson);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((v) => typeof v === 'string');
