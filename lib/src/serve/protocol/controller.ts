import type { CodeRef } from '../../code/index.js';
import type { DeploymentConfig } from './options/deployment-config.js';
import type { ServeStatus } from './status.js';
import type { CanarySpec, TrafficSpec } from './traffic.js';
import type { CanaryStatus, TrafficStatus } from './traffic-status.js';

/** One application as a driver asks for it. */
export interface AppSpec {
  readonly name: string;
  /** `/`, `/name`, or `null` for an application that only handles reach. */
  readonly routePrefix: string | null;
  /** Name of the deployment that answers the route. */
  readonly ingress: string;
  readonly deployments: readonly DeploymentSpec[];
}

export interface DeploymentSpec {
  readonly name: string;
  /** The user's own word for what runs; shown in the status. */
  readonly version: string | null;
  readonly code: CodeRef;
  /** `encodeValue` of the constructor's arguments. */
  readonly initArgs: Uint8Array;
  readonly config: DeploymentConfig;
  /** Names of the deployments of this application whose handles its constructor gets; they run before it does. @default all that are listed before it */
  readonly dependencies?: readonly string[];
  /** Changes when running replicas cannot be kept: with the code, the arguments, and the options of which a change means `restart`. */
  readonly replicaHash: string;
}

/**
 * The operation that stores a blob: `{ kind: 'control', op: putBlobOp(sha256) }` with the bytes as the body, streamed or whole. Answers `undefined`
 * once the blob is on disk and its bytes were checked against the name. A blob that is there already is taken as well.
 * @param sha256 64 hex digits
 */
export const putBlobOp = (sha256: string): string => `${PUT_BLOB_PREFIX}${sha256}`;
export const PUT_BLOB_PREFIX = 'putBlob:';

/** Control operations that the controller answers (to drivers). */
export interface ControllerOps {
  /** Resolves when every deployment runs and every connected router knows. Rejects with the first constructor error; then the old version stays. */
  deploy: { args: AppSpec; result: { readonly app: string; readonly routesVersion: number } };
  /** The caller is about to deploy the first version of this application; until it cancels the call, requests to the prefix are told so. */
  expect: { args: { readonly app: string; readonly routePrefix: string }; result: undefined };
  delete: { args: { readonly name: string }; result: { readonly deleted: boolean } };
  status: { args: undefined; result: ServeStatus };
  /** Splits a prefix, or with `null` undoes that. Resolves when every proxy knows. */
  traffic: { args: { readonly prefix: string; readonly spec: TrafficSpec | null }; result: TrafficStatus | null };
  /** Begins to try a version. Resolves when every proxy knows of the first step. */
  canary: { args: { readonly prefix: string; readonly spec: CanarySpec }; result: { readonly rule: number } };
  /** How that canary does; with `ended`, once it has. */
  canaryStatus: { args: { readonly prefix: string; readonly rule: number; readonly ended: boolean }; result: CanaryStatus };
  /** Every request goes back to the base. Does nothing where it has ended. */
  abortCanary: { args: { readonly prefix: string; readonly rule: number; readonly reason: string }; result: CanaryStatus };
  /** Which of these blobs the cluster lacks. */
  missingBlobs: { args: { readonly hashes: readonly string[] }; result: readonly string[] };
  /** Drains and deletes every application. */
  shutdown: { args: undefined; result: undefined };
}
