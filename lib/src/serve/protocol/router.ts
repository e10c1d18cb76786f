import type { DeploymentKey } from './routes.js';
/** Control operations that a process with a router answers for the controller, on the connection on which it gets its routes. */
export interface RouterOps {
  /** Number of calls of this router that the replica has begun and whose callers still wait. */
  awaited: { args: { readonly replica: string }; result: number };
}

/** The event topic under which routers send {@link DemandReport}s to the controller. */
export const DEMAND_TOPIC = 'demand';

/** The load that one router saw since its last report. It contains only autoscaled deployments that have load, or whose load has just ended. */
export interface DemandReport {
  readonly deployments: Readonly<Record<DeploymentKey, Demand>>;
}

/** Number of requests of one router for one deployment: those that wait and those in progress. */
export interface Demand {
  /** Mean over the last `periodMs`. */
  readonly average: number;
  readonly periodMs: number;
  /** The number at the time of the report. */
  readonly now: number;
}
