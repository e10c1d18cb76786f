/** Types of the public API. They use no third-party types, because notebook cells see them. */
import type { GraphArgs, GraphMethods, GraphNode } from './graph/types.js';
import type { ApplicationBrand, DeploymentBrand, DeploymentHandle, HandleBrand, RemoteMethodName } from './handle/types.js';
import type { AutoscalingPolicy } from './protocol/policy.js';

export type { AutoscalingMetrics, AutoscalingPolicy } from './protocol/policy.js';
export type { ServeStatus } from './protocol/status.js';
export type { CanaryStatus, StickyBy, TrafficStatus } from './protocol/traffic-status.js';
export type { Canary, CanaryOptions, TrafficOptions } from './traffic-types.js';

type AnyFunction = (...args: never[]) => unknown;

export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

/** Options of a deployment. */
export interface DeploymentOptions {
  /** Name of the deployment in handles, logs and the status. @default the class's or function's name */
  readonly name?: string;
  /** A label of your own for this version of the code, which the status shows and `serve.traffic` accepts. */
  readonly version?: string;
  /** Number of replica processes. `'auto'` means `autoscaling` from 1 to 100 replicas. @default 1 */
  readonly numReplicas?: number | 'auto';
  /** Makes the number of replicas follow the load. Set it in place of `numReplicas` if the load varies. */
  readonly autoscaling?: AutoscalingOptions;
  /**
   * Number of requests that one replica works on at the same time. Set it to 1 for code that uses a whole core, and higher for code that waits for
   * something else.
   * @default 100
   */
  readonly maxOngoingRequests?: number;
  /**
   * Number of requests that may wait at each router while every replica is busy; a further request gets 503 NBS_QUEUE_FULL. -1 means no limit.
   * @default -1
   */
  readonly maxQueuedRequests?: number;
  /**
   * Deadline of each request, including the time in the queue; after it, the caller gets 504 NBS_REQUEST_TIMEOUT. `null` means no deadline.
   * @default null
   */
  readonly requestTimeout?: Duration | null;
  /** How long a replica that is being stopped may work on the requests that it has begun. Raise it if requests take longer than this. @default '20s' */
  readonly gracefulShutdownTimeout?: Duration;
  /** How long the start of a replica may take, including its constructor. Raise it for models that load slowly. @default '60s' */
  readonly startupTimeout?: Duration;
  /** How long user code may go on after its request was cancelled before its process is replaced, also if it blocks the event loop. @default '30s' */
  readonly stuckTimeout?: Duration;
  /** How often the health of a running replica is checked (with `checkHealth`, if its class has that method). @default '10s' */
  readonly healthCheckPeriod?: Duration;
  /**
   * A replica that does not answer that within this time hangs, and is replaced; so is one whose `checkHealth` throws three times in a row. Time in
   * which a request blocks the event loop does not count, however long it is.
   * @default '30s'
   */
  readonly healthCheckTimeout?: Duration;
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
   */
  readonly hedging?: HedgingOptions;
  /**
   * Makes the methods with a route (`@serve.get` and so on) tools of an MCP server at `/mcp` below the route prefix of the application. Set it if
   * language models should call them.
   * @default false
   */
  readonly mcp?: boolean;
  /**
   * A JSON value that is passed to the method `reconfigure(userConfig)` of the class, after the constructor and whenever the value changes. Set it
   * for settings that should change without a restart.
   */
  readonly userConfig?: unknown;
  /** Resources that one replica needs on its node; the replica waits until a node has room. A resource that you leave out is not reserved. @default {} */
  readonly resources?: ResourceOptions;
  /**
   * Environment variables of the replicas, in addition to those that they inherit. By default they inherit every variable of the process that started
   * the cluster, including secrets. With `inherit: false` they do not, and `inherit: ['HF_TOKEN']` lists those that they inherit. `PATH`, `HOME`,
   * `TMPDIR` and the variables of nbserve itself are always inherited.
   * @default { inherit: true }
   */
  readonly env?: ReplicaEnvironment;
  /** What the replicas need besides the code: npm packages of their own, a working folder, flags of Node, a file of environment variables. */
  readonly runtimeEnv?: RuntimeEnvOptions;
}

/** What the replicas of a deployment need besides its code. A change of any of it replaces the replicas. */
export interface RuntimeEnvOptions {
  /**
   * npm packages that only this deployment uses: a list, an object of names and versions, or the path of a `package.json` (a `package-lock.json`
   * beside it is followed). They are installed once, into a folder that all replicas with the same list share, and no install script runs.
   * @default the packages of the notebook's or module's folder
   */
  readonly npm?: readonly string[] | Readonly<Record<string, string>> | string;
  /**
   * Working folder of the replica's process, from which its code opens files by relative paths. A relative path begins at the folder of the notebook
   * or module. The folder is used as it is, and not copied. Imports do not depend on it.
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
   * it. A variable in the option `env` goes before one of the file, and the file before what is inherited.
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
  /** How many replicas above `numReplicas` may run during an update; a share is rounded up. A higher value is faster and needs more room. @default 1 */
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
  /** Smallest number of replicas. With 0, all replicas stop while there are no requests; the next request starts a replica and waits for it. @default 1 */
  readonly minReplicas?: number;
  /** Largest number of replicas. @default 1 */
  readonly maxReplicas?: number;
  /** Number of replicas that the first deploy starts. Set it if the load is high from the beginning. @default `minReplicas` */
  readonly initialReplicas?: number;
  /** Target number of requests for each replica, in progress or waiting. Set it lower for faster answers, and higher for fewer replicas. @default 2 */
  readonly targetOngoingRequests?: number;
  /**
   * How long the load must call for more replicas before they are started. With no replica running, the first request starts one at once.
   * @default '30s'
   */
  readonly upscaleDelay?: Duration;
  /** How long fewer replicas must be enough before the others are stopped. @default '10m' */
  readonly downscaleDelay?: Duration;
  /** How often the routers report the load to the controller. @default '10s' */
  readonly metricsInterval?: Duration;
  /** Time over which the load is averaged. Set it longer if short peaks should not start replicas. @default '30s' */
  readonly lookBackPeriod?: Duration;
  /** Factor for a step up: above 1 adds more replicas than the load calls for, below 1 adds fewer. @default 1 */
  readonly upscalingFactor?: number;
  /** Factor for a step down, in the same way. @default 1 */
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
  /** Share of the requests that may be sent twice, above 0 and up to 1. It limits the extra load when all replicas are slow. @default 0.1 */
  readonly maxExtra?: number;
}

/** Resources of one replica. They are counted, not enforced: a replica starts only on a node that has so much free. */
export interface ResourceOptions {
  /**
   * Number of cores, which may be a fraction. It also limits the threads of libraries to its whole part, at least 1: nbserve sets `OMP_NUM_THREADS`
   * (ONNX Runtime), `VIPS_CONCURRENCY` (sharp, for one picture) and, to one more, `UV_THREADPOOL_SIZE` (pictures and runs of models at the same time,
   * files).
   * @default 0, which sets no limit
   */
  readonly cpu?: number;
  /**
   * Number of GPUs: a whole number, or a part of one GPU that replicas share. nbserve sets `CUDA_VISIBLE_DEVICES` for it.
   * @default 0, so that no GPU is visible
   */
  readonly gpu?: number;
  /** Memory in bytes. It is counted, and not enforced. @default 0 */
  readonly memory?: number;
  /** Amounts of your own resources, by name, as you declare them with `serve.start({ resources: { custom } })`. @default {} */
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

/** A function that can be deployed. */
export interface FunctionDeployment<A extends readonly unknown[], R> extends Deployment<{ call(...args: A): R }, []> {
  options(options: DeploymentOptions): FunctionDeployment<A, R>;
  bind(): Application<{ call(...args: A): R }>;
  /** With arguments, makes a node of a graph that calls the function. All nodes of the function call the same deployment. */
  bind(...args: GraphArgs<A>): GraphNode<Awaited<R>>;
}

export interface BoundApplication<T> extends ApplicationBrand<T> {
  readonly deployment: string;
}

/**
 * A bound deployment, with all the bound deployments that its arguments contain. Its methods make nodes of graphs: `model.predict.bind(input)`.
 */
export type Application<T> = BoundApplication<T> & GraphMethods<T, Exclude<RemoteMethodName<T>, 'deployment'>>;

/** A graph of calls that can be run. A notebook draws it. */
export type GraphApplication<I, R> = Application<{ call(input: I): Promise<R> }> & {
  /** The picture of the graph: an SVG document that also contains it as text. */
  readonly svg: string;
  /** The graph as text, with a line for each node. */
  readonly text: string;
};

/** Options of the deployment that calls the nodes of a graph, whose `name` is `'Graph'` by default. */
export interface GraphOptions extends DeploymentOptions {
  /** What the input is over HTTP: the `Request`, or the value of its JSON body. @default 'request' */
  readonly http?: 'request' | 'json';
}

export interface RunOptions {
  /** Name of the application. If an application of that name is running, it is updated. @default 'default' */
  readonly name?: string;
  /** Path under which the application answers HTTP, `'/'` or `'/name'`. `null` means no HTTP. @default '/' */
  readonly routePrefix?: string | null;
  /**
   * Runs the application inside this process, with one replica of each deployment and without a cluster. Set it for a debugger and for unit tests. With
   * `{ port }` its HTTP is answered there and keeps the process running; otherwise at a free port, which does not.
   * @default false
   */
  readonly local?: boolean | { readonly port?: number };
}

export interface StartOptions {
  /**
   * Cluster to join: its folder, or `'auto'` for your detached cluster. With `'auto'`, a cluster is started if none is running. A joined cluster
   * keeps running when this process ends.
   */
  readonly address?: string;
  /** If true, a cluster that this call starts keeps running when this process ends, until `nbserve stop`. @default false */
  readonly detached?: boolean;
  /** Address on which HTTP is answered. With `'0.0.0.0'` other machines can call, without a password. @default '127.0.0.1' */
  readonly host?: string;
  /** Port for HTTP. A number fails if the port is in use; `'auto'` means 8000, or the next free port. @default 'auto' */
  readonly port?: number | 'auto';
  /** Host names in requests that are accepted, besides loopback names and `host`, e.g. `['models.example.org']`; `'*'` means all. @default [] */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call, besides loopback origins, e.g. `['https://example.org']`; `'*'` means all. @default [] */
  readonly allowedOrigins?: readonly string[];
  /**
   * Files of a certificate, with the chain behind it, and of its private key, both in PEM. If they are given, HTTP is answered over TLS only.
   * Relative paths start from the working folder.
   * @default no TLS
   */
  readonly https?: { readonly cert: string; readonly key: string };
  /** Which nodes answer HTTP. Each node does so at the same port of its own address. @default 'EveryNode' */
  readonly proxyLocation?: 'EveryNode' | 'HeadOnly' | 'Disabled';
  /** If it is given, the cluster answers gRPC besides HTTP. `{}` stands for the defaults. It needs the package `@grpc/grpc-js`. */
  readonly grpc?: GrpcOptions;
  /** Number of GPUs that replicas may use; with several nodes, the number on each node. @default what `nvidia-smi` lists */
  readonly numGpus?: number;
  /**
   * Other resources that replicas may use, e.g. `{ cpu: 8, memory: 2 ** 34, custom: { accelerator: 1 } }`, with memory in bytes; with several nodes,
   * the resources of each node.
   * @default the machine's cores and memory
   */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
  /**
   * Nodes on this machine, at 127.0.0.1, 127.0.0.2 …: their number, or a list with the settings of each. The first is the head node. Resources of the
   * machine that no node declares are divided between the nodes.
   * @default 1
   */
  readonly nodes?: number | readonly NodeOptions[];
  /**
   * Number of spare processes on each node, which make a new replica start in a fraction of the time. Each needs about 28 MiB of memory and no CPU. 0
   * means none.
   * @default 1
   */
  readonly spareReplicas?: number;
}

/** gRPC of `serve.start({ grpc })`. */
export interface GrpcOptions {
  /** Port for gRPC. A number fails if the port is in use; `'auto'` means 9000, or the next free port. @default 'auto' */
  readonly port?: number | 'auto';
  /** Address on which gRPC is answered. With `'0.0.0.0'` other machines can call, without a password. @default '127.0.0.1' */
  readonly host?: string;
  /** Proto files with the services that your deployments answer. Relative paths start from the working folder. @default [] */
  readonly protos?: readonly string[];
  /** Folders in which the files that a proto file imports are looked for, besides its own folder. @default [] */
  readonly includeDirs?: readonly string[];
  /** If true, clients can call every public method by its name, through the service `nbserve.v1.Serve`. @default true if there are no `protos` */
  readonly generic?: boolean;
  /** Limit of one message in bytes, in both directions. Clients have such a limit too, 4 MiB by default. @default 4194304 */
  readonly maxMessageBytes?: number;
  /**
   * Files of a certificate, with the chain behind it, and of its private key, both in PEM. If they are given, gRPC is answered over TLS only.
   * Relative paths start from the working folder.
   * @default no TLS
   */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** One node of `serve.start({ nodes })`. */
export interface NodeOptions {
  /** Name of the node in the status. @default 'node-1', 'node-2' … */
  readonly name?: string;
  /** Number of GPUs of the node. No two nodes have a GPU of the same number. @default `numGpus` of `serve.start` */
  readonly numGpus?: number;
  /** Other resources of the node. @default `resources` of `serve.start` */
  readonly resources?: Omit<ResourceOptions, 'gpu'>;
}

/** One line of `serve.listDeployments()`. */
export interface DeploymentListing {
  readonly name: string;
  readonly version: string | null;
  readonly routePrefix: string | null;
}
