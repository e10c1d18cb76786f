/** What a deployment's options are. They use no third-party types, because notebook cells see them. */
import type { Duration } from '../core/duration.js';
import type { AutoscalingPolicy } from './protocol/policy.js';

/** Options of a deployment. */
export interface DeploymentOptions {
  /**
   * Name of the deployment in handles, logs and the status. Set it if two deployments of an application have the same class.
   * @default the class's or function's name
   */
  readonly name?: string;
  /**
   * A label of your own for this version of the code, which the status shows and `serve.traffic` accepts. Set it if you roll out a new version by
   * `serve.traffic` or `serve.canary`.
   * @default no version
   */
  readonly version?: string;
  /** Number of replica processes. `'auto'` means `autoscaling` from 1 to 100 replicas. Raise it if one process cannot answer all requests. @default 1 */
  readonly numReplicas?: number | 'auto';
  /** Makes the number of replicas follow the load. Set it in place of `numReplicas` if the load varies. @default the number is `numReplicas` */
  readonly autoscaling?: AutoscalingOptions;
  /**
   * Number of requests that one replica works on at the same time. Set it to 1 for code that uses a whole core, and higher for code that waits for
   * something else.
   * @default 100
   */
  readonly maxOngoingRequests?: number;
  /**
   * Number of requests that may wait at each router while every replica is busy; a further request gets 503 NBS_QUEUE_FULL. -1 means no limit. Set it
   * if clients should get an error at once rather than wait long.
   * @default -1
   */
  readonly maxQueuedRequests?: number;
  /**
   * Deadline of each request, including the time in the queue; after it, the caller gets 504 NBS_REQUEST_TIMEOUT. `null` means no deadline. Set it if
   * an answer is of no use after that time.
   * @default null
   */
  readonly requestTimeout?: Duration | null;
  /** How long a replica that is being stopped may work on the requests that it has begun. Raise it if requests take longer than this. @default '20s' */
  readonly gracefulShutdownTimeout?: Duration;
  /**
   * How long the start of a replica may take, including its constructor, and how long a later call of `reconfigure`. If that takes longer, the update
   * is given up and the replica is replaced. Raise it for models that load slowly.
   * @default '60s'
   */
  readonly startupTimeout?: Duration;
  /**
   * How long user code may go on after its request was cancelled before its process is replaced, also if it blocks the event loop. Lower it if calls
   * that are given up must free their replica soon.
   * @default '30s'
   */
  readonly stuckTimeout?: Duration;
  /**
   * How often the health of a running replica is checked (with `checkHealth`, if its class has that method). Lower it to notice a failure sooner;
   * raise it if `checkHealth` is expensive.
   * @default '10s'
   */
  readonly healthCheckPeriod?: Duration;
  /**
   * How long a replica may take to answer a health check. After that time it is replaced; so is a replica whose `checkHealth` throws three times in a
   * row. Time in which a request blocks the event loop does not count, however long it is. Raise it if `checkHealth` may take long.
   * @default '30s'
   */
  readonly healthCheckTimeout?: Duration;
  /**
   * Memory in bytes that the process of a replica may keep. It is measured at each health check. After three checks in a row above the limit, the
   * replica finishes what it has begun and is replaced. Set it if code leaks memory, or keeps what a large request took. Memory that replicas share
   * counts in each of them. `null` means no limit.
   * @default null
   */
  readonly memoryLimit?: number | null;
  /**
   * Names of methods (`'fetch'` for HTTP) that may run again if a replica died while it ran them; `true` means all methods. Set it if running a
   * method twice does no harm.
   * @default []
   */
  readonly idempotent?: readonly string[] | true;
  /**
   * Makes an update replace a few replicas at a time, while both versions answer. Set it if there is no room for two full versions: the update then
   * needs room for only `maxSurge` more replicas. If the replicas of the new version cannot start or keep dying, the old version is restored.
   * @default all replicas are switched at once
   */
  readonly rollingUpdate?: RollingUpdateOptions;
  /**
   * Sends a copy of a request to a second replica if the answer is slow; the first answer is used. Set it if a few requests take much longer than the
   * others. It applies to `idempotent` methods only.
   * @default no copies
   */
  readonly hedging?: HedgingOptions;
  /**
   * Makes the methods with a route (`@serve.get` and so on) tools of an MCP server at `/mcp` below the route prefix of the application. Set it if
   * language models should call them.
   * @default false
   */
  readonly mcp?: boolean;
  /**
   * A JSON value that is passed to the method `reconfigure(userConfig)` of the class, after the constructor and whenever the value changes. If the
   * value changes again while `reconfigure` runs, the next call waits for it, and gets the newest value. If a deployment gets its first value, or
   * loses it, its replicas are replaced. Set it for settings that should change without a restart.
   * @default no value, and `reconfigure` is not called
   */
  readonly userConfig?: unknown;
  /**
   * Resources that one replica needs on its node; the replica waits until a node has room. A resource that you leave out is not reserved. Set it if
   * too many replicas on one node would slow each other down.
   * @default {}
   */
  readonly resources?: ResourceOptions;
  /**
   * Environment variables of the replicas, in addition to those that they inherit. By default they inherit every variable of the process that started
   * the cluster, including secrets. With `inherit: false` they do not, and `inherit: ['HF_TOKEN']` lists those that they inherit. `PATH`, `HOME`,
   * `TMPDIR` and the variables that nbserve needs are always inherited. Set it for settings of libraries, and to keep secrets from the replicas.
   * @default { inherit: true }
   */
  readonly env?: ReplicaEnvironment;
  /**
   * What the replicas need besides the code: npm packages of their own, a working folder, flags of Node, a file of environment variables. Set it if
   * they need other packages than the notebook or module has, or files beside it.
   * @default what the notebook or module has
   */
  readonly runtimeEnv?: RuntimeEnvOptions;
}

/** What the replicas of a deployment need besides its code. A change of any of it replaces the replicas. */
export interface RuntimeEnvOptions {
  /**
   * npm packages that only this deployment uses: a list, an object of names and versions, or the path of a `package.json` (a `package-lock.json`
   * beside it is followed). They are installed once, into a folder that all replicas with the same list share, and no install script runs. Set it if
   * the deployment needs another version of a package than the rest.
   * @default the packages of the notebook's or module's folder
   */
  readonly npm?: readonly string[] | Readonly<Record<string, string>> | string;
  /**
   * Working folder of the replica's process, from which its code opens files by relative paths. A relative path begins at the folder of the notebook
   * or module. The folder is used as it is, and not copied. Imports do not depend on it. Set it if the code opens files of another folder.
   * @default the folder of the notebook or module
   */
  readonly workingDir?: string;
  /**
   * Flags of Node for the replica's process, such as `'--max-old-space-size=512'` (MiB). Set it for limits on memory, or to load a module first
   * (`'--import=…'`). Such a replica is not made from a spare process, so it starts slower.
   * @default no flags
   */
  readonly nodeFlags?: readonly string[];
  /**
   * A file of environment variables, as `node --env-file` reads it. A relative path begins at the folder of the notebook or module. `serve.run` reads
   * it. A variable in the option `env` goes before one of the file, and the file before what is inherited. Set it if you keep settings and keys in
   * such a file.
   * @default no file
   */
  readonly envFile?: string;
}

/** Variables by name, and which variables are inherited: see the option `env`. If `inherit` is a text, it is a variable of that name. */
export interface ReplicaEnvironment {
  /** `true` inherits every variable, `false` only those that Node and nbserve need, and a list of names also these variables. @default true */
  readonly inherit?: boolean | readonly string[] | string;
  readonly [variable: string]: string | boolean | readonly string[] | undefined;
}

/** How many replicas an update replaces at a time, as numbers or as shares of the replicas such as `'25%'`. The two must not both be 0. */
export interface RollingUpdateOptions {
  /**
   * How many replicas above `numReplicas` may run during an update; a share is rounded up. Raise it if there is room: the update is faster then.
   * @default 1
   */
  readonly maxSurge?: number | `${number}%`;
  /**
   * How many replicas below `numReplicas` may run during an update; a share is rounded down. Set it above 0 if there is no room for an additional
   * replica.
   * @default 0
   */
  readonly maxUnavailable?: number | `${number}%`;
}

/** How the number of replicas follows the load. The wanted number is the number of requests in progress or waiting, divided by `targetOngoingRequests`. */
export interface AutoscalingOptions {
  /**
   * Smallest number of replicas. With 0, all replicas stop while there are no requests; the next request starts a replica and waits for it. Raise it
   * if peaks come faster than replicas start.
   * @default 1
   */
  readonly minReplicas?: number;
  /** Largest number of replicas. Raise it to what your machines can run. @default 1 */
  readonly maxReplicas?: number;
  /** Number of replicas that the first deploy starts. Set it if the load is high from the beginning. @default `minReplicas` */
  readonly initialReplicas?: number;
  /** Target number of requests for each replica, in progress or waiting. Set it lower for faster answers, and higher for fewer replicas. @default 2 */
  readonly targetOngoingRequests?: number;
  /**
   * How long the load must call for more replicas before they are started. With no replica running, the first request starts one at once. Lower it if
   * the load rises fast and replicas start fast.
   * @default '30s'
   */
  readonly upscaleDelay?: Duration;
  /**
   * How long fewer replicas must be enough before the others are stopped. Raise it if replicas start slowly and the load comes in waves.
   * @default '10m'
   */
  readonly downscaleDelay?: Duration;
  /** How often the routers report the load to the controller. Lower it if `upscaleDelay` is shorter than this. @default '10s' */
  readonly metricsInterval?: Duration;
  /** Time over which the load is averaged. Set it longer if short peaks should not start replicas. @default '30s' */
  readonly lookBackPeriod?: Duration;
  /**
   * Factor for a step up: above 1 adds more replicas than the load calls for, below 1 adds fewer. Raise it if the load rises faster than replicas are
   * added.
   * @default 1
   */
  readonly upscalingFactor?: number;
  /** Factor for a step down, in the same way. Lower it if too many replicas are stopped at once. @default 1 */
  readonly downscalingFactor?: number;
  /**
   * Function that returns the wanted number of replicas. Set it if the number should depend on more than the load, such as the time of day. It runs
   * in a process of its own, which is the deployment `<name>.policy` of the application.
   * @default the load divided by `targetOngoingRequests`
   */
  readonly policy?: AutoscalingPolicy;
}

/** When a second copy of a slow request is sent to another replica. */
export interface HedgingOptions {
  /**
   * How long to wait for the beginning of an answer before a copy is sent to another replica. Set it to the time within which 95 of 100 requests are
   * answered.
   * @default '50ms'
   */
  readonly delay?: Duration;
  /**
   * Share of the requests that may be sent twice, above 0 and up to 1. It limits the extra load when all replicas are slow. Raise it if there is room
   * for more copies.
   * @default 0.1
   */
  readonly maxExtra?: number;
}

/** Resources of one replica. They are counted, not enforced: a replica starts only on a node that has so much free. */
export interface ResourceOptions {
  /**
   * Number of cores, which may be a fraction. It also limits the threads of libraries to its whole part, at least 1: nbserve sets `OMP_NUM_THREADS`
   * (ONNX Runtime), `VIPS_CONCURRENCY` (sharp, for one picture) and, to one more, `UV_THREADPOOL_SIZE` (pictures and runs of models at the same time,
   * files). Set it if replicas compute.
   * @default 0, which sets no limit
   */
  readonly cpu?: number;
  /**
   * Number of GPUs: a whole number, or a part of one GPU that replicas share. nbserve sets `CUDA_VISIBLE_DEVICES` for it. Set it if the code uses a
   * GPU.
   * @default 0, so that no GPU is visible
   */
  readonly gpu?: number;
  /**
   * Memory in bytes. Set it if replicas together could fill the memory of a node. It is counted, and not enforced; `memoryLimit` replaces a replica
   * that has more.
   * @default 0
   */
  readonly memory?: number;
  /**
   * Amounts of your own resources, by name, as you declare them with `serve.start({ resources: { custom } })`. Set it if replicas need something that
   * only some nodes have, or only a few at a time.
   * @default {}
   */
  readonly custom?: Readonly<Record<string, number>>;
}

/** Options of the deployment that calls the nodes of a graph, whose `name` is `'Graph'` by default. */
export interface GraphOptions extends DeploymentOptions {
  /** What the input is over HTTP: the `Request`, or the value of its JSON body. @default 'request' */
  readonly http?: 'request' | 'json';
}
