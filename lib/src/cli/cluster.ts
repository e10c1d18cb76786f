import { clusterFolder } from '../core/index.js';
import { Client, listLocalClusters } from '../host/index.js';
import { NoCluster, SeveralClusters } from './errors.js';

/**
 * The folder of the cluster that a command talks to: the one named, the notebook's own, or the only one that runs.
 * @throws NBS_NO_CLUSTER, NBS_SEVERAL_CLUSTERS
 */
export function findCluster(named: string | undefined): string {
  const dir = named ?? clusterFolder();
  if (dir !== undefined) return dir;
  const running = listLocalClusters();
  const [only, ...others] = running;
  if (only === undefined) throw NoCluster();
  if (others.length > 0) throw SeveralClusters({ clusters: running.map(({ dir, url }) => `${dir} (${url})`).join(', ') });
  return only.dir;
}

/** @throws as {@link findCluster}; NBS_CLUSTER_GONE */
export async function joinCluster(named: string | undefined): Promise<Client> {
  return Client.join(findCluster(named));
}
