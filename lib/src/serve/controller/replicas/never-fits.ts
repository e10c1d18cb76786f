import type { NodeInfo } from '../../../engine/index.js';
import { type AppVersion, type GroupKey, groupKey, type WantedGroup } from '../target/index.js';
import { takesNothing, whyNever } from './placement.js';

/**
 * The first deployment of a next version of which no node could ever hold a replica; `null` if there is none, `undefined` if that is not known
 * before the nodes are. What runs already stays, whatever the nodes have.
 */
export function neverFits(
  { spec }: AppVersion,
  wanted: ReadonlyMap<GroupKey, WantedGroup>,
  nodes: readonly NodeInfo[] | null,
): { readonly group: WantedGroup; readonly reason: string } | null | undefined {
  for (const { name, replicaHash, config } of spec.deployments) {
    const group = wanted.get(groupKey(spec.name, name, replicaHash));
    const mayRun = config.numReplicas > 0 || config.autoscaling !== undefined;
    if (group === undefined || group.inLive || !mayRun || takesNothing(config.resources)) continue;
    if (nodes === null) return undefined;
    const reason = whyNever(nodes, config.resources);
    if (reason !== null) return { group, reason };
  }
  return null;
}
