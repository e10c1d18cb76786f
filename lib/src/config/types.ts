import type { DeploymentOptions, StartOptions } from '../serve/index.js';

/** A checked configuration: what `nbserve deploy` makes true. */
export interface DeployConfig {
  /** Options of `serve.start`, for a cluster that the command has to start. */
  readonly cluster: Omit<StartOptions, 'address' | 'detached'>;
  readonly applications: readonly ApplicationConfig[];
}

/** One application, in the names of nbserve. It is plain JSON, and the cluster keeps it. */
export interface ApplicationConfig {
  readonly name: string;
  readonly routePrefix: string | null;
  /** `<file>:<export>`; the file is an absolute path. */
  readonly importPath: string;
  /** The argument of the exported function, if the export is a function that returns the application. */
  readonly args?: unknown;
  /** Environment variables of all its deployments. */
  readonly env?: Readonly<Record<string, unknown>>;
  /** Options that replace those in the code, by deployment. */
  readonly deployments?: readonly DeploymentOverride[];
}

export interface DeploymentOverride extends Omit<DeploymentOptions, 'name'> {
  readonly name: string;
}
