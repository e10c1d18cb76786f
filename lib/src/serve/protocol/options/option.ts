import type { OptionSpec } from '../../../core/index.js';

/** What a change of an option means for a deployment that runs. */
export type Change =
  /** Running replicas cannot take it: new ones replace them. */
  | 'restart'
  /** Running replicas are told, with their connections and models kept. */
  | 'push'
  /** The routers, in proxies and beside handles, are told. */
  | 'routes'
  /** The controller alone works with it. */
  | 'control';

/** An option of a deployment. */
export interface DeploymentOption<T, F extends string, C extends readonly Change[]> extends OptionSpec<T> {
  /** Its name in the configuration that the processes of the cluster share; durations have their unit there. */
  readonly field: F;
  readonly change: C;
}

export const option = <T, const F extends string, const C extends readonly [Change, ...Change[]]>(
  field: F,
  change: C,
  spec: OptionSpec<T>,
): DeploymentOption<T, F, C> => ({ ...spec, field, change });
