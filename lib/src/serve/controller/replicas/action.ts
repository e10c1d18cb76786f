import type { Allocation, DeploymentConfig } from '../../protocol/index.js';
import type { GroupKey, WantedGroup } from '../target/index.js';

/** What must be done. The executor marks each action in the actual state at once, so that no later round repeats it. */
export type Action =
  | { readonly kind: 'start'; readonly group: WantedGroup; readonly allocation: Allocation | null }
  /** Install the npm packages of the group, which its replicas need first. */
  | { readonly kind: 'equip'; readonly group: WantedGroup }
  /** No node has room for a replica of the group. `null` means that there is room again, or that the group is no longer wanted. */
  | { readonly kind: 'pend'; readonly group: GroupKey; readonly reason: string | null }
  /** There was no room for too long, or no node will ever have it. */
  | { readonly kind: 'refuse'; readonly group: WantedGroup; readonly reason: string; readonly never: boolean }
  /** Tell the replica what to run. */
  | { readonly kind: 'initialize'; readonly id: string; readonly group: WantedGroup }
  /** Send a new configuration to a running replica. */
  | { readonly kind: 'reconfigure'; readonly id: string; readonly config: DeploymentConfig }
  /** Its start took too long. */
  | { readonly kind: 'expire'; readonly id: string; readonly timeoutMs: number }
  | { readonly kind: 'drain'; readonly id: string }
  | { readonly kind: 'stop'; readonly id: string }
  /** The last failure of the group no longer matters. */
  | { readonly kind: 'overcome'; readonly group: GroupKey }
  /** Every replica of the next version runs: switch the routes to it. */
  | { readonly kind: 'promote'; readonly app: string; readonly generation: number }
  /** The same for all versions of a configuration. */
  | { readonly kind: 'promoteTogether'; readonly id: string }
  /** The next version cannot be started. @param because the application that cannot be, if it is another one of the same configuration */
  | {
      readonly kind: 'reject';
      readonly app: string;
      readonly generation: number;
      readonly group: GroupKey;
      readonly because?: string;
    }
  /** Nothing must be done before this time for what waits now. */
  | { readonly kind: 'wake'; readonly at: number };
