/** Argument of the process that answers the REST API. */
export interface DashboardArgs {
  readonly host: string;
  /** `'auto'`: 8265, else the next free one. */
  readonly port: number | 'auto';
  readonly allowedHosts: readonly string[];
  /** The version of the package. */
  readonly version: string;
}

/** Argument of a process that deploys one configuration. */
export interface DeployArgs {
  readonly file: string;
}

/** Where the REST API listens. */
export interface DashboardAddress {
  readonly host: string;
  readonly port: number;
}
