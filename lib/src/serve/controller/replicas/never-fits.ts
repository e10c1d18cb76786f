import type { NodeInfo } from '../../../engine/index.js';
import { type AppVersion, type GroupKey, groupKey, type WantedGroup } from '../target/index.js';
import { takesNothing, whyNever } from './placement.js';

/**
 * The first deployment of a next version that would fit on no node, even an empty one. `null` if there is none; `undefined` if the nodes are not
 * known yet.
 * Running replicas stay, whatever resources the nodes have.
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
