import type { CodeRef } from '../../code/index.js';
import type { ClassSchema } from '../../schemas/index.js';
import type { Allocation } from './config.js';
import type { DeploymentConfig } from './options/deployment-config.js';
import type { ModelStatus } from './status.js';

/** JSON argument of a replica's process: the socket to listen on. Everything else comes with `initialize`. */
export interface ReplicaArgs {
  readonly dir: string;
  /** A spare process has an id of its own until `initialize` gives it that of the replica. */
  readonly replicaId: string;
  readonly socketPath: string;
  /** For a spare process: modules (absolute paths) that user code is likely to import. They are loaded while the process waits. */
  readonly preload?: readonly string[];
}

/** Environment and working folder of a replica's process. */
export interface Surroundings {
  /** Variables that are set in addition to the inherited ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the variables that it inherits from the cluster's environment, besides those that every process needs. If absent, it inherits all. */
  readonly inherit?: readonly string[];
  /** Working folder. */
  readonly cwd: string;
  /** Flags of Node. */
  readonly nodeFlags?: readonly string[];
}

/** What a replica needs to start. Code and values are blobs in the cluster's folder `code/`, named by their sha256. */
export interface ReplicaInit {
  readonly app: string;
  readonly deployment: string;
  readonly replicaId: string;
  /** A process that was started for this replica has these already; a spare process takes them on now. */
  readonly surroundings: Surroundings;
  readonly code: CodeRef;
  /** The folder in which the packages of its `runtimeEnv` are installed. */
  readonly packages?: string;
  /** `encodeValue` of the constructor's arguments. Bound deployments are replaced by handles. */
  readonly initArgs: Uint8Array;
  readonly config: DeploymentConfig;
  /** As in the deployment's spec. */
  readonly schema?: ClassSchema;
  /** The same value as in the deployment's spec. The replica reports it in its status, so that a restarted controller knows what the replica runs. */
  readonly replicaHash: string;
  /**
   * Number of the accepted version of the application that this replica was started for. Its handles look up routes under this number
   * (`routeKey`).
   */
  readonly generation: number;
  /** What the replica occupies; it reports this in its status. `null` means nothing. */
  readonly allocation: Allocation | null;
  /**
   * If the arguments contain handles, the constructor runs only when the replica has a `RouteSnapshot` of at least this version. That snapshot
   * contains what the constructor may call.
   */
  readonly routesVersion: number;
}

/** What the deployment offers; it is known when the constructor has run. */
export interface ReplicaReady {
  readonly methods: readonly string[];
  readonly http: boolean;
  /** It is a function, which answers every RPC of the user's services. */
  readonly isFunction?: true;
  /** It takes requests to speak another protocol, such as WebSocket. */
  readonly upgrades?: true;
  /** The models that it has loaded so far; absent if there are none. */
  readonly models?: readonly ModelStatus[];
}

export interface ReplicaStatus {
  readonly state: 'EMPTY' | 'INITIALIZING' | 'RUNNING' | 'DRAINING';
  readonly app?: string;
  readonly deployment?: string;
  readonly ongoing: number;
  /** From `ReplicaInit`; absent before `initialize`. */
  readonly replicaHash?: string;
  readonly generation?: number;
  readonly allocation?: Allocation | null;
  /** The result of `initialize`; present in the state RUNNING. */
  readonly ready?: ReplicaReady;
}

/** Control operations that a replica answers, most of them for the controller. `initialize` rejects with the constructor's error. */
export interface ReplicaOps {
  initialize: { args: ReplicaInit; result: ReplicaReady };
  status: { args: undefined; result: ReplicaStatus };
  /** Resolves with the models that it has loaded. Rejects with the error that the user's `checkHealth` throws. A replica whose main thread is blocked does not answer. */
  checkHealth: { args: undefined; result: readonly ModelStatus[] };
  /**
   * Gives a running replica new limits, timeouts and user configuration; code and arguments stay. Rejects with the error that `reconfigure` throws.
   */
  reconfigure: { args: { readonly config: DeploymentConfig }; result: undefined };
  /** Lets one debugger connect to its inspector, at a Unix socket, with this secret as the first line. A driver asks for this. */
  debug: { args: undefined; result: { readonly socket: string; readonly secret: string } };
  /** From now on the replica takes no new request. Resolves when the requests in progress have ended or the time is over. */
  drain: { args: { readonly timeoutMs: number }; result: { readonly unfinished: number } };
}
