import type { GrpcJs, GrpcPlan } from '../../../grpc/index.js';
import type { RouterLike } from '../../router/index.js';

/** The part of an error that a client may read. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
}

/** The version of an application that a call of a split route goes to. */
export interface Version {
  readonly app: string;
  /** To be called once, when the call has ended. */
  over(failed: boolean, ms: number): void;
}

/** What gRPC needs from its proxy, so that both ways in tell the same to the same clients. */
export interface GrpcHost {
  readonly router: RouterLike;
  /**
   * Chooses a version if the traffic of the application is split.
   * @param metadata name, value, name, value, …; they may keep a user at one version
   */
  versionFor(application: string | undefined, metadata: readonly string[]): Version | null;
  /** Whether this is the cluster's token. */
  isToken(given: string): boolean;
  /** What the client may read of an error. What it may not read is logged. */
  tell(error: Error, call: { readonly rpc: string; readonly requestId: string; readonly isTrusted: boolean }): ToldError;
  newRequestId(): string;
}

export interface GrpcContext {
  readonly host: GrpcHost;
  readonly grpc: GrpcJs;
  readonly plan: GrpcPlan;
}
