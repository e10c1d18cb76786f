import { type Duration, duration, group, integer, jsonFault, type OptionSpec, toMs } from '../../../core/index.js';
import type { AutoscalingConfig, HedgingConfig, Resources, RollingUpdate, RuntimeEnv } from '../config.js';
import { autoscalingConfig } from './autoscaling.js';
import { env } from './env.js';
import { hedgingConfig } from './hedging.js';
import { option } from './option.js';
import { parseResources } from './resources.js';
import { rollingUpdate } from './rolling-update.js';
import { parseRuntimeEnv } from './runtime-env.js';

const text = (doc: string, defaultText?: string): OptionSpec<string | undefined> => ({
  doc,
  type: 'string',
  expected: 'a text that is not empty',
  default: undefined,
  ...(defaultText === undefined ? {} : { defaultText }),
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});

const numReplicas: OptionSpec<number | 'auto'> = {
  doc: "Number of replica processes. `'auto'` means `autoscaling` from 1 to 100 replicas. Raise it if one process cannot answer all requests.",
  type: "number | 'auto'",
  expected: "an integer from 0 to 10000, or 'auto'",
  default: 1,
  parse: (value) =>
    value === 'auto' || (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 10_000)
      ? (value as number | 'auto')
      : undefined,
};

const idempotent: OptionSpec<readonly string[] | true> = {
  doc: "Names of methods (`'fetch'` for HTTP) that may run again if a replica died while it ran them; `true` means all methods. Set it if running a method twice does no harm.",
  type: 'readonly string[] | true',
  expected: "a list of method names such as ['fetch'], or true",
  default: [],
  parse: (value) => (value === true || isTexts(value) ? value : undefined),
};

const requestTimeout: OptionSpec<number | null> = {
  doc: 'Deadline of each request, including the time in the queue; after it, the caller gets 504 NBS_REQUEST_TIMEOUT. `null` means no deadline. Set it if an answer is of no use after that time.',
  type: 'Duration | null',
  expected: "milliseconds, a text such as '30s', or null",
  default: null,
  parse: (value) => (value === null ? null : toMs(value as Duration, 'requestTimeout')),
};

const memoryLimit: OptionSpec<number | null> = {
  doc: 'Memory in bytes that the process of a replica may keep. It is measured at each health check. After three checks in a row above the limit, the replica finishes what it has begun and is replaced. Set it if code leaks memory, or keeps what a large request took. Memory that replicas share counts in each of them. `null` means no limit.',
  type: 'number | null',
  expected: 'a number of bytes of at least 1, such as 2 ** 30, or null',
  default: null,
  parse: (value) =>
    value === null || (Number.isSafeInteger(value) && (value as number) > 0) ? (value as number | null) : undefined,
};

const mcp: OptionSpec<boolean> = {
  doc: 'Makes the methods with a route (`@serve.get` and so on) tools of an MCP server at `/mcp` below the route prefix of the application. Set it if language models should call them.',
  type: 'boolean',
  expected: 'true or false',
  default: false,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};

const userConfig: OptionSpec<unknown> = {
  doc: 'A JSON value that is passed to the method `reconfigure(userConfig)` of the class, after the constructor and whenever the value changes. If the value changes again while `reconfigure` runs, the next call waits for it, and gets the newest value. If a deployment gets its first value, or loses it, its replicas are replaced. Set it for settings that should change without a restart.',
  type: 'unknown',
  expected: 'a JSON value',
  default: undefined,
  defaultText: 'no value, and `reconfigure` is not called',
  parse: (value) => (jsonFault(value, 'userConfig') === null ? value : undefined),
};

/**
 * Every option of a deployment. Each is described only here: the public interface, the configuration of the cluster, the docs, and the effect of a
 * change are derived from this table. Only the code that uses an option is elsewhere.
 */
export const DEPLOYMENT_OPTIONS = {
  name: option(
    'name',
    ['restart'],
    text(
      'Name of the deployment in handles, logs and the status. Set it if two deployments of an application have the same class.',
      "the class's or function's name",
    ),
  ),
  version: option(
    'version',
    ['restart'],
    text(
      'A label of your own for this version of the code, which the status shows and `serve.traffic` accepts. Set it if you roll out a new version by `serve.traffic` or `serve.canary`.',
      'no version',
    ),
  ),
  numReplicas: option('numReplicas', ['control'], numReplicas),
  autoscaling: option(
    'autoscaling',
    ['control'],
    group<AutoscalingConfig | undefined>({
      doc: 'Makes the number of replicas follow the load. Set it in place of `numReplicas` if the load varies.',
      type: 'AutoscalingOptions',
      expected: 'an object such as { minReplicas: 1, maxReplicas: 4, targetOngoingRequests: 2 }',
      default: undefined,
      defaultText: 'the number is `numReplicas`',
      parse: autoscalingConfig,
    }),
  ),
  maxOngoingRequests: option(
    'maxOngoingRequests',
    ['push', 'routes'],
    integer({
      doc: 'Number of requests that one replica works on at the same time. Set it to 1 for code that uses a whole core, and higher for code that waits for something else.',
      default: 100,
      min: 1,
    }),
  ),
  maxQueuedRequests: option(
    'maxQueuedRequests',
    ['routes'],
    integer({
      doc: 'Number of requests that may wait at each router while every replica is busy; a further request gets 503 NBS_QUEUE_FULL. -1 means no limit. Set it if clients should get an error at once rather than wait long.',
      default: -1,
      min: -1,
    }),
  ),
  requestTimeout: option('requestTimeoutMs', ['routes'], requestTimeout),
  gracefulShutdownTimeout: option(
    'gracefulShutdownTimeoutMs',
    ['push'],
    duration({
      doc: 'How long a replica that is being stopped may work on the requests that it has begun. Raise it if requests take longer than this.',
      where: 'gracefulShutdownTimeout',
      default: 20_000,
    }),
  ),
  startupTimeout: option(
    'startupTimeoutMs',
    ['control'],
    duration({
      doc: 'How long the start of a replica may take, including its constructor, and how long a later call of `reconfigure`. If that takes longer, the update is given up and the replica is replaced. Raise it for models that load slowly.',
      where: 'startupTimeout',
      default: 60_000,
    }),
  ),
  stuckTimeout: option(
    'stuckTimeoutMs',
    ['push'],
    duration({
      doc: 'How long user code may go on after its request was cancelled before its process is replaced, also if it blocks the event loop. Lower it if calls that are given up must free their replica soon.',
      where: 'stuckTimeout',
      default: 30_000,
    }),
  ),
  healthCheckPeriod: option(
    'healthCheckPeriodMs',
    ['push'],
    duration({
      doc: 'How often the health of a running replica is checked (with `checkHealth`, if its class has that method). Lower it to notice a failure sooner; raise it if `checkHealth` is expensive.',
      where: 'healthCheckPeriod',
      default: 10_000,
      least: 1,
    }),
  ),
  healthCheckTimeout: option(
    'healthCheckTimeoutMs',
    ['push'],
    duration({
      doc: 'How long a replica may take to answer a health check. After that time it is replaced; so is a replica whose `checkHealth` throws three times in a row. Time in which a request blocks the event loop does not count, however long it is. Raise it if `checkHealth` may take long.',
      where: 'healthCheckTimeout',
      default: 30_000,
      least: 1,
    }),
  ),
  memoryLimit: option('memoryLimit', ['push'], memoryLimit),
  idempotent: option('idempotent', ['routes'], idempotent),
  rollingUpdate: option(
    'rollingUpdate',
    ['control'],
    group<RollingUpdate | undefined>({
      doc: 'Makes an update replace a few replicas at a time, while both versions answer. Set it if there is no room for two full versions: the update then needs room for only `maxSurge` more replicas. If the replicas of the new version cannot start or keep dying, the old version is restored.',
      type: 'RollingUpdateOptions',
      expected: "an object such as { maxSurge: 1, maxUnavailable: 0 } of integers or shares such as '25%', not both 0",
      default: undefined,
      defaultText: 'all replicas are switched at once',
      parse: rollingUpdate,
    }),
  ),
  hedging: option(
    'hedging',
    ['routes'],
    group<HedgingConfig | undefined>({
      doc: 'Sends a copy of a request to a second replica if the answer is slow; the first answer is used. Set it if a few requests take much longer than the others. It applies to `idempotent` methods only.',
      type: 'HedgingOptions',
      expected: "an object such as { delay: '50ms', maxExtra: 0.1 }",
      default: undefined,
      defaultText: 'no copies',
      parse: hedgingConfig,
    }),
  ),
  mcp: option('mcp', ['restart'], mcp),
  userConfig: option('userConfig', ['push'], userConfig),
  resources: option(
    'resources',
    ['restart'],
    group<Resources>({
      doc: 'Resources that one replica needs on its node; the replica waits until a node has room. A resource that you leave out is not reserved. Set it if too many replicas on one node would slow each other down.',
      type: 'ResourceOptions',
      expected:
        'an object such as { cpu: 1, gpu: 0.5, memory: 2**30, custom: { accelerator: 1 } } of numbers of at least 0, gpu below 1 or whole',
      default: { cpu: 0, gpu: 0, memory: 0, custom: {} },
      defaultText: '{}',
      parse: parseResources,
    }),
  ),
  env: option('env', ['restart'], env),
  runtimeEnv: option(
    'runtimeEnv',
    ['restart'],
    group<RuntimeEnv | undefined>({
      doc: 'What the replicas need besides the code: npm packages of their own, a working folder, flags of Node, a file of environment variables. Set it if they need other packages than the notebook or module has, or files beside it.',
      type: 'RuntimeEnvOptions',
      expected:
        "an object such as { npm: ['left-pad@1.3.0'], workingDir: './data', nodeFlags: ['--max-old-space-size=512'], envFile: '.env' }",
      default: undefined,
      defaultText: 'what the notebook or module has',
      parse: parseRuntimeEnv,
    }),
  ),
} as const;

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((v) => typeof v === 'string');
