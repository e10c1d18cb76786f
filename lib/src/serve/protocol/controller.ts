import type { CodeRef } from '../../code/index.js';
import type { ClassSchema } from '../../schemas/index.js';
import type { DeploymentConfig } from './options/deployment-config.js';
import type { ServeStatus } from './status.js';
import type { CanarySpec, TrafficSpec } from './traffic.js';
import type { CanaryStatus, TrafficStatus } from './traffic-status.js';

/** One application, as a driver requests it. */
export interface AppSpec {
  readonly name: string;
  /** `/`, `/name`, or `null` for an application that only handles can reach. */
  readonly routePrefix: string | null;
  /** Name of the deployment that answers the route. */
  readonly ingress: string;
  readonly deployments: readonly DeploymentSpec[];
  /** The entry of the configuration that deployed it, as plain JSON. Absent: code did, with `serve.run`. */
  readonly declared?: unknown;
  /** The deploy of a whole configuration that this application is a part of. Absent: it is deployed alone. */
  readonly together?: {
    /** Unique for each deploy. */
    readonly id: string;
    /** The applications that become live at the same moment, this one included. If one of them cannot be started, none of them becomes live. */
    readonly members: readonly string[];
    /** The applications that are deleted at that moment. */
    readonly removes: readonly string[];
  };
}

export interface DeploymentSpec {
  readonly name: string;
  /** The user's label for this version of the code; the status shows it. */
  readonly version: string | null;
  readonly code: CodeRef;
  /** `encodeValue` of the constructor's arguments. */
  readonly initArgs: Uint8Array;
  readonly config: DeploymentConfig;
  /** If it is a graph of calls: what each of its nodes takes, for people. */
  readonly graph?: string;
  /** What the types of its routes say. Absent: it has none. */
  readonly schema?: ClassSchema;
  /**
   * Names of the deployments of this application whose handles the constructor gets. They must run before it does. @default all that are listed
   * before it
   */
  readonly dependencies?: readonly string[];
  /** It changes if running replicas cannot be kept: with the code, the arguments, and the options of which a change means `restart`. */
  readonly replicaHash: string;
}

/**
 * The operation that stores a blob: `{ kind: 'control', op: putBlobOp(sha256) }` with the bytes as the body, streamed or whole.
 * It answers `undefined` when the bytes are checked against the name and the blob is on disk. A blob that exists already is accepted too.
 * @param sha256 64 hex digits
 */
export const putBlobOp = (sha256: string): string => `${PUT_BLOB_PREFIX}${sha256}`;
export const PUT_BLOB_PREFIX = 'putBlob:';

/** Control operations that the controller answers (to drivers). */
export interface ControllerOps {
  /**
   * Resolves when every deployment runs and every connected router has the new routes. If a constructor throws, it rejects with the first such error,
   * and the old version stays.
   */
  deploy: { args: AppSpec; result: { readonly app: string; readonly routesVersion: number } };
  /** The same, but resolves as soon as the new target state is on disk. The status shows how it goes on. */
  accept: { args: AppSpec; result: undefined };
  /** The configurations from which applications were deployed, by application; during an update, the new one. */
  declared: { args: undefined; result: Readonly<Record<string, unknown>> };
  /** The caller is about to deploy the first version of this application. Until it cancels this call, requests to the prefix get NBS_APP_STARTING. */
  expect: { args: { readonly app: string; readonly routePrefix: string }; result: undefined };
  /** Resolves when all replicas of the application have ended. If `wait` is false, it resolves as soon as the new target state is on disk. */
  delete: { args: { readonly name: string; readonly wait?: boolean | undefined }; result: { readonly deleted: boolean } };
  status: { args: undefined; result: ServeStatus };
  /** Splits a prefix; `null` removes the split. Resolves when every proxy has the new routes. */
  traffic: { args: { readonly prefix: string; readonly spec: TrafficSpec | null }; result: TrafficStatus | null };
  /** Begins to try a version. Resolves when every proxy has the routes of the first step. */
  canary: { args: { readonly prefix: string; readonly spec: CanarySpec }; result: { readonly rule: number } };
  /** The status of that canary. If `ended` is true, it answers only when the canary has ended. */
  canaryStatus: { args: { readonly prefix: string; readonly rule: number; readonly ended: boolean }; result: CanaryStatus };
  /** Sends all requests to the base version again. It does nothing if the canary has ended. */
  abortCanary: { args: { readonly prefix: string; readonly rule: number; readonly reason: string }; result: CanaryStatus };
  /** The blobs of this list that the cluster does not have. */
  missingBlobs: { args: { readonly hashes: readonly string[] }; result: readonly string[] };
  /** Drains and deletes every application. */
  shutdown: { args: undefined; result: undefined };
}
