/** Types of the public API. No third-party types: these reach notebook cells. */
import type { ApplicationBrand, DeploymentBrand, DeploymentHandle, HandleBrand } from './handle/types.js';
import type { AutoscalingPolicy } from './protocol/policy.js';
import type { CanaryStatus, StickyBy } from './protocol/traffic-status.js';

export type { AutoscalingMetrics, AutoscalingPolicy } from './protocol/policy.js';
export type { ServeStatus } from './protocol/status.js';
export type { CanaryStatus, StickyBy, TrafficStatus } from './protocol/traffic-status.js';

type AnyFunction = (...args: never[]) => unknown;

/** Interface of a deployment that is made from a function: HTTP and `handle.remote(...)` both call the function. */
export type FunctionInstance<F extends AnyFunction> = F extends (...args: infer A) => infer R ? { call(...args: A): R } : never;

type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

/** Options of a deployment. */
export interface DeploymentOptions {
  /** Name in handles, logs and the status. @default the class's or function's name */
  readonly name?: string;
  /** The user's own word for what runs; shown in the status. */
  readonly version?: string;
  /** Replica processes. `'auto'` is `autoscaling` from 1 to 100 replicas. @default 1 */
  readonly numReplicas?: number | 'auto';
  /** Lets the number of replicas follow the load; in place of `numReplicas`. */
  readonly autoscaling?: AutoscalingOptions;
  /** Requests that one replica works on at a time. Set it to 1 for code that takes a whole core, and high for code that waits. @default 100 */
  readonly maxOngoingRequests?: number;
  /** Requests that wait while every replica is busy; above, 503 NBS_QUEUE_FULL. -1 is no limit. @default -1 */
  readonly maxQueuedRequests?: number;
  /** Deadline of a request, queueing included; then 504. `null` is none. @default null */
  readonly requestTimeout?: Duration | null;
  /** How long a replica that is being replaced may finish what it has begun. @default '20s' */
  readonly gracefulShutdownTimeout?: Duration;
  /** How long a replica's start may take, its constructor included. Raise it for models that load slowly. @default '60s' */
  readonly startupTimeout?: Duration;
  /** How long user code may go on after its request was cancelled before its process is replaced, also if it blocks the event loop. @default '30s' */
  readonly stuckTimeout?: Duration;
  /** How often a running replica is asked whether it is well (`checkHealth`, if its class has that). @default '10s' */
  readonly healthCheckPeriod?: Duration;
  /**
   * A replica that does not answer that within this time hangs, and is replaced; so is one whose `checkHealth` throws three times in a row. Time in
   * which a request blocks the event loop does not count, however long it is.
   * @default '30s'
   */
  readonly healthCheckTimeout?: Duration;
  /**
   * Methods (`'fetch'` for HTTP) that may be run again after a replica died in them; `true` is all. Set it when running twice does no harm.
   * @default []
   */
  readonly idempotent?: readonly string[] | true;
  /**
   * An update replaces some replicas at a time, and both versions answer meanwhile. It needs room for `maxSurge` more replicas; without it an update
   * needs room for both versions. A new version whose replicas cannot start or keep dying is taken back.
   * @default all are switched to at once
   */
  readonly rollingUpdate?: RollingUpdateOptions;
  /** Sends a request that is slow to be answered to a second replica as well; the first answer wins. For `idempotent` methods only. */
  readonly hedging?: HedgingOptions;
  /** A JSON value for the class's `reconfigure(userConfig)`: called after the constructor, and in running replicas when it changes, without a restart. */
  readonly userConfig?: unknown;
  /** What a replica takes of its node; it waits until there is room. What is left out takes nothing. @default {} */
  readonly resources?: ResourceOptions;
  /**
   * Environment variables of the replicas, on top of what they inherit: everything that the process which started the cluster had, secrets included.
   * `inherit: false` ends that, and `inherit: ['HF_TOKEN']` lets in what it names; `PATH`, `HOME`, `TMPDIR` and the variables of nbserve itself are
   * always there.
   * @default { inherit: true }
   */
  readonly env?: ReplicaEnvironment;
}

/** Variables by name, and which variables are inherited: see the option `env`. If `inherit` is a text, it is a variable of that name. */
export interface ReplicaEnvironment {
  /** `true` inherits every variable, `false` only those that Node and nbserve need, and a list of names also these variables. @default true */
  readonly inherit?: boolean | readonly string[] | string;
  readonly [variable: string]: string | boolean | readonly string[] | undefined;
}

/** How many replicas an update replaces at a time, as numbers or as shares of the replicas such as `'25%'`. The two must not both be 0. */
export interface RollingUpdateOptions {
  /** Replicas above `numReplicas`, at most; a share is rounded up. More is faster, and needs more room. @default 1 */
  readonly maxSurge?: number | `${number}%`;
  /** Replicas below `numReplicas`, at most; a share is rounded down. Above 0 it needs no room for more. @default 0 */
  readonly maxUnavailable?: number | `${number}%`;
}

/** How the number of replicas follows the load. The wanted number is the number of requests in progress or waiting, divided by `targetOngoingRequests`. */
export interface AutoscalingOptions {
  /** Least replicas. With 0 it sleeps while nobody asks: the first request starts a replica and waits for it. @default 1 */
  readonly minReplicas?: number;
  /** Most replicas. @default 1 */
  readonly maxReplicas?: number;
  /** Replicas that the first deploy starts. Set it when the load is there at once. @default `minReplicas` */
  readonly initialReplicas?: number;
  /** Requests that there should be for each replica, worked on or waiting. @default 2 */
  readonly targetOngoingRequests?: number;
  /** More replicas only after they were wanted for so long; from zero the first request counts at once. @default '30s' */
  readonly upscaleDelay?: Duration;
  /** Fewer replicas only after they were enough for so long. @default '10m' */
  readonly downscaleDelay?: Duration;
  /** How often the load is told. @default '10s' */
  readonly metricsInterval?: Duration;
  /** The load is averaged over this time. @default '30s' */
  readonly lookBackPeriod?: Duration;
  /** Above 1, a step up is larger than the load asks for; below 1, smaller. @default 1 */
  readonly upscalingFactor?: number;
  /** The same for a step down. @default 1 */
  readonly downscalingFactor?: number;
  /**
   * Says how many replicas there should be, in place of the load alone. It runs in a process of its own, which is the deployment `<name>.policy` of
   * the application.
   * @default the load over `targetOngoingRequests`
   */
  readonly policy?: AutoscalingPolicy;
}

/** When a second copy of a slow request is sent to another replica. */
export interface HedgingOptions {
  /** Without the beginning of an answer after so long a second copy goes to another replica. About what 95 of 100 requests need. @default '50ms' */
  readonly delay?: Duration;
  /** Share of the requests that may be sent twice, above 0 and up to 1. It bounds the extra load when all replicas are slow. @default 0.1 */
  readonly maxExtra?: number;
}

/** Resources of one replica. They are counted, not enforced: a replica starts only on a node that has so much free. */
export interface ResourceOptions {
  /**
   * Cores, also parts of one. Its whole part, at least 1, is how many threads libraries take: sets `OMP_NUM_THREADS` (ONNX Runtime),
   * `VIPS_CONCURRENCY` (sharp, one picture) and `UV_THREADPOOL_SIZE` (pictures at a time, files).
   * @default 0, which limits nothing
   */
  readonly cpu?: number;
  /** GPUs: whole ones, or a part of one that others may share. Sets `CUDA_VISIBLE_DEVICES`. @default 0, which sees none */
  readonly gpu?: number;
  /** Bytes. @default 0 */
  readonly memory?: number;
  /** What else you count on your nodes, by a name of your own, as `serve.start({ resources: { custom } })` declares it. @default {} */
  readonly custom?: Readonly<Record<string, number>>;
}

/** A constructor parameter in the form that `bind` accepts: in place of a handle, you pass a bound deployment. */
export type BindArg<P> =
  P extends HandleBrand<infer T>
    ? P | Application<T>
    : P extends AnyFunction | Date | RegExp | ArrayBuffer | ArrayBufferView | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? P
      : P extends object
        ? P | { readonly [K in keyof P]: BindArg<P[K]> }
        : P;

export type BindArgs<A extends readonly unknown[]> = { [K in keyof A]: BindArg<A[K]> };

/** A class or function that can be deployed: call `bind` with its constructor's arguments, and pass the result to `serve.run`. */
export interface Deployment<T, A extends readonly unknown[] = readonly unknown[]> extends DeploymentBrand<T> {
  readonly name: string;
  readonly version: string | null;
  /** Returns a deployment with the same code and other options; options that you leave out keep their values. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
  options(options: DeploymentOptions): Deployment<T, A>;
  /** Sets the constructor's arguments. A bound deployment among them arrives in the constructor as a typed handle. */
  bind(...args: BindArgs<A>): Application<T>;
  /** Short for `serve.run(this.bind(...args), { name, routePrefix: '/' + name })`. */
  deploy(...args: BindArgs<A>): Promise<DeploymentHandle<T>>;
}

/** A bound deployment, with all the bound deployments that its arguments contain. */
export interface Application<T> extends ApplicationBrand<T> {
  readonly deployment: string;
}

export interface RunOptions {
  /** Name of the application. If an application of that name is running, it is updated. @default 'default' */
  readonly name?: string;
  /** Path under which the application answers HTTP, `'/'` or `'/name'`. `null` means no HTTP. @default '/' */
  readonly routePrefix?: string | null;
}

export interface StartOptions {
  /**
   * A cluster to join in place of one of this process's own: its folder, or `'auto'` for your detached one, if one runs; else a cluster is started. A
   * joined cluster goes on when this process ends.
   */
  readonly address?: string;
  /** A started cluster goes on when this process ends, until `nbserve stop`. @default false */
  readonly detached?: boolean;
  /** Address that HTTP is answered on. @default '127.0.0.1' */
  readonly host?: string;
  /** Port for HTTP. A number fails if it is taken; `'auto'` is 8000, else the next free one. @default 'auto' */
  readonly port?: number | 'auto';
  /** Host names that are served besides loopback ones and `host`, e.g. `['models.example.org']`; `'*'` is all. @default [] */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call besides loopback ones, e.g. `['https://example.org']`; `'*'` is all. @default [] */
  readonly allowedOrigins?: readonly string[];
  /** Which nodes answer HTTP, at the same port of their own address. @default 'EveryNode' */
  readonly proxyLocation?: 'EveryNode' | 'HeadOnly' | 'Disabled';
  /** GPUs that replicas may have; with several nodes, on each. @default what `nvidia-smi` lists */
  readonly numGpus?: number;
  /**
   * What else replicas may have, e.g. `{ cpu: 8, memory: 2 ** 34, custom: { accelerator: 1 } }`; with several nodes, on each.
   * @default the machine's cores and memory
   */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
  /**
   * Several nodes on this machine, at 127.0.0.1, 127.0.0.2 …: their number, or a list with what is particular to each. The first is the head. What
   * they do not declare of the machine is divided between them.
   * @default 1
   */
  readonly nodes?: number | readonly NodeOptions[];
  /**
   * Processes held ready on each node, so that a new replica is up in a fraction of the time; each takes about 28 MiB and no cpu. 0 is none.
   * @default 1
   */
  readonly spareReplicas?: number;
}

/** One node of `serve.start({ nodes })`. */
export interface NodeOptions {
  /** Its id in the status. @default 'node-1', 'node-2' … */
  readonly name?: string;
  /** GPUs that it has. No two nodes have one of the same name. @default `numGpus` of `serve.start` */
  readonly numGpus?: number;
  /** What else it has. @default `resources` of `serve.start` */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
}

/** Options of `serve.traffic` besides the weights. */
export interface TrafficOptions {
  /**
   * `{ header: 'x-user' }`, `{ cookie: 'session' }` or `{ query: 'user' }`: requests that have the same go to the same version; those without it are
   * split by weight.
   */
  readonly stickyBy?: StickyBy;
  /** A version that gets copies of requests, and whose answers are thrown away: all of them, or `share`, 0 to 1. */
  readonly mirror?: string | { readonly app: string; readonly share?: number };
}

/** How a version is tried, and the limits that it must keep. */
export interface CanaryOptions {
  /** The version to try: an application, or the `version` of one. */
  readonly to: string;
  /** The version that it is compared with, and that gets the other requests. @default the one that has them now */
  readonly from?: string;
  /** Parts of the requests that it gets, one after the other. After the last it gets all. @default [ 0.05, 0.25, 0.5, 1 ] */
  readonly steps?: readonly number[];
  /** How long each step lasts, at least. @default '30s' */
  readonly interval?: Duration;
  /** Requests that it has in each step, at least; a step waits for them. @default 100 */
  readonly minRequests?: number;
  /** Part of its requests that may fail (5xx, or the answer breaks off). @default 0.01 */
  readonly maxErrorRate?: number;
  /** How far its error rate may be above that of the base; `null` is any. @default null */
  readonly maxErrorRateAboveBase?: number | null;
  /** Its p95 latency may be so many times that of the base; `null` is any. @default 1.5 */
  readonly maxLatencyRatio?: number | null;
  /** Slower by no more than this is not held against it. @default '5ms' */
  readonly latencySlack?: Duration;
  /** As for `serve.traffic`. @default as it is */
  readonly stickyBy?: StickyBy;
}

/** A version that is being tried. */
export interface Canary {
  readonly prefix: string;
  /** Resolves with the result: promoted, rolled back, or aborted. Until then it keeps this process alive. */
  readonly done: Promise<CanaryStatus>;
  /** Returns the current state, and what the canary waits for. */
  status(): Promise<CanaryStatus>;
  /** Stops the canary, so that the base gets every request. It does nothing if the canary has ended. */
  abort(reason?: string): Promise<CanaryStatus>;
}

/** One line of `serve.listDeployments()`. */
export interface DeploymentListing {
  readonly name: string;
  readonly version: string | null;
  readonly routePrefix: string | null;
}
