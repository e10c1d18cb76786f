import type { CodeRef } from '../../code/index.js';
import type { DeploymentConfig } from './config.js';

/** JSON argument of a replica process: which socket to listen on. Everything else comes with `initialize`. */
export interface ReplicaArgs {
  readonly dir: string;
  readonly replicaId: string;
  readonly socketPath: string;
}

/** What one replica is to be. Code and values are blobs of the cluster's `code/` folder, named by their sha256. */
export interface ReplicaInit {
  readonly app: string;
  readonly deployment: string;
  readonly replicaId: string;
  readonly code: CodeRef;
  /** `encodeValue` of the constructor's arguments; bound deployments are handles in it. */
  readonly initArgs: Uint8Array;
  readonly config: DeploymentConfig;
}

/** What the deployment turned out to offer, once its constructor has run. */
export interface ReplicaReady {
  readonly methods: readonly string[];
  readonly http: boolean;
}

export interface ReplicaStatus {
  readonly state: 'EMPTY' | 'INITIALIZING' | 'RUNNING' | 'DRAINING';
  readonly app?: string;
  readonly deployment?: string;
  readonly ongoing: number;
}

/** Control operations that a replica answers (to the controller). `initialize` rejects with the constructor's error. */
export interface ReplicaOps {
  initialize: { args: ReplicaInit; result: ReplicaReady };
  status: { args: undefined; result: ReplicaStatus };
  /** Takes no new request from now on; resolves when the begun ones are done, or the deadline is over. */
  drain: { args: { readonly timeoutMs: number }; result: { readonly unfinished: number } };
}
