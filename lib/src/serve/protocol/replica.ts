import type { CodeRef } from '../../code/index.js';
import type { Allocation } from './config.js';
import type { DeploymentConfig } from './options/deployment-config.js';

/** JSON argument of a replica process: which socket to listen on. Everything else comes with `initialize`. */
export interface ReplicaArgs {
  readonly dir: string;
  /** Of a spare process its own; it becomes the replica that `initialize` names. */
  readonly replicaId: string;
  readonly socketPath: string;
  /** Of a spare process: modules (absolute paths) that user code is likely to import, loaded while it waits. */
  readonly preload?: readonly string[];
}

/** What a replica's process has around it. */
export interface Surroundings {
  /** Variables on top of what it inherits. */
  readonly env: Readonly<Record<string, string>>;
  /** What it inherits of the cluster's environment, by name, besides what every process needs. Absent: all. */
  readonly inherit?: readonly string[];
  /** Working folder. */
  readonly cwd: string;
}

/** What one replica is to be. Code and values are blobs of the cluster's `code/` folder, named by their sha256. */
export interface ReplicaInit {
  readonly app: string;
  readonly deployment: string;
  readonly replicaId: string;
  /** A process that was started for this replica has them already, a spare one takes them on here. */
  readonly surroundings: Surroundings;
  readonly code: CodeRef;
  /** `encodeValue` of the constructor's arguments; bound deployments are handles in it. */
  readonly initArgs: Uint8Array;
  readonly config: DeploymentConfig;
  /** As in the deployment's spec; a replica tells it again in its status, so that a restarted controller knows what it runs. */
  readonly replicaHash: string;
  /** Which accepted version of the application this replica was started for; its handles look routes up under it (`findDeploymentRoute`). */
  readonly generation: number;
  /** What it holds; a replica tells it again in its status. `null` is nothing. */
  readonly allocation: Allocation | null;
  /** A replica whose arguments hold handles constructs only once it has seen a `RouteSnapshot` of at least this version: what its constructor may call is in it. */
  readonly routesVersion: number;
}

/** What the deployment turned out to offer, once its constructor has run. */
export interface ReplicaReady {
  readonly methods: readonly string[];
  readonly http: boolean;
  /** It takes requests to speak another protocol, such as WebSocket. */
  readonly upgrades?: true;
}

export interface ReplicaStatus {
  readonly state: 'EMPTY' | 'INITIALIZING' | 'RUNNING' | 'DRAINING';
  readonly app?: string;
  readonly deployment?: string;
  readonly ongoing: number;
  /** From `ReplicaInit`, once there was one. */
  readonly replicaHash?: string;
  readonly generation?: number;
  readonly allocation?: Allocation | null;
  /** What `initialize` answered, once RUNNING. */
  readonly ready?: ReplicaReady;
}

/** Control operations that a replica answers (to the controller). `initialize` rejects with the constructor's error. */
export interface ReplicaOps {
  initialize: { args: ReplicaInit; result: ReplicaReady };
  status: { args: undefined; result: ReplicaStatus };
  /** Rejects with what the user's `checkHealth` throws; a replica whose main thread is blocked does not answer. */
  checkHealth: { args: undefined; result: undefined };
  /** New numbers (limits, timeouts) and user configuration for a running replica; code and arguments stay. Rejects with what `reconfigure` throws. */
  reconfigure: { args: { readonly config: DeploymentConfig }; result: undefined };
  /** Takes no new request from now on; resolves when the begun ones are done, or the deadline is over. */
  drain: { args: { readonly timeoutMs: number }; result: { readonly unfinished: number } };
}
