import { clusterFolder } from '../core/index.js';
import { Client, listLocalClusters } from '../host/index.js';
import { NoCluster, SeveralClusters } from './errors.js';

/**
 * The cluster that a command talks to: the one named, the notebook's own, or the only one that runs.
 * @throws NBS_NO_CLUSTER, NBS_SEVERAL_CLUSTERS, NBS_CLUSTER_GONE
 */
export function joinCluster(named: string | undefined): Promise<Client> {
  const dir = named ?? clusterFolder();
  if (dir !== undefined) return Client.join(dir);
  const running = listLocalClusters();
  const [only, ...others] = running;
  if (only === undefined) throw NoCluster();
  if (others.length > 0) throw SeveralClusters({ clusters: running.map(({ dir, url }) => `${dir} (${url})`).join(', ') });
  return Client.join(only.dir);
}
