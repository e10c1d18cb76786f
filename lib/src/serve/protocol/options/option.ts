import type { OptionSpec } from '../../../core/index.js';

/** What a change of an option means for a running deployment. */
export type Change =
  /** Running replicas cannot change it, so new ones replace them. */
  | 'restart'
  /** Running replicas get the new value, and keep their connections and models. */
  | 'push'
  /** The routers, in proxies and beside handles, get the new value. */
  | 'routes'
  /** Only the controller uses it. */
  | 'control';

/** An option of a deployment. */
export interface DeploymentOption<T, F extends string, C extends readonly Change[]> extends OptionSpec<T> {
  /** Its name in the configuration that the processes of the cluster share. Names of durations contain the unit. */
  readonly field: F;
  readonly change: C;
}

export const option = <T, const F extends string, const C extends readonly [Change, ...Change[]]>(
  field: F,
  change: C,
  spec: OptionSpec<T>,
): DeploymentOption<T, F, C> => ({ ...spec, field, change });
