import type { DeploymentKey } from './routes.js';
/** Control operations that a process with a router answers (to the controller), on the connection on which it gets its routes. */
export interface RouterOps {
  /** How many calls the replica has begun for this router that somebody waits for. */
  awaited: { args: { readonly replica: string }; result: number };
}

/** The event topic under which routers tell the controller their {@link DemandReport}s. */
export const DEMAND_TOPIC = 'demand';

/** What one router saw of deployments that scale with their load since it reported last. Only those with any load, or whose load ended, are in it. */
export interface DemandReport {
  readonly deployments: Readonly<Record<DeploymentKey, Demand>>;
}

/** Requests of one router for one deployment: those that wait and those that replicas work on. */
export interface Demand {
  /** Mean over `periodMs`, up to now. */
  readonly average: number;
  readonly periodMs: number;
  /** At the moment of the report. */
  readonly now: number;
}
