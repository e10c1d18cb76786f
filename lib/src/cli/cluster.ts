import { clusterFolder } from '../core/index.js';
import { Client, type ClusterInfo, clustersNamed, detachedClusters, listLocalClusters, noClusterNamed } from '../host/index.js';
import { NoCluster, NoDetachedCluster, SeveralClusters } from './errors.js';

/** The options of a command that talks to a cluster; `--cluster` is the older name of `--address`. */
export const ADDRESS_OPTIONS = { address: { type: 'string' }, cluster: { type: 'string' } } as const;

/** The values of {@link ADDRESS_OPTIONS}. */
export interface Named {
  readonly address?: string | undefined;
  readonly cluster?: string | undefined;
}

/** What the options name, or the environment: a notebook names its own cluster to its `!` commands. */
export const namedCluster = ({ address, cluster }: Named): string | undefined => address ?? cluster ?? clusterFolder();

/**
 * The folder of the cluster that a command talks to: the named one, the notebook's own, or the only one that runs.
 * @throws NBS_NO_CLUSTER, NBS_SEVERAL_CLUSTERS, and as {@link folderAt}
 */
export async function findCluster(values: Named): Promise<string> {
  const named = namedCluster(values);
  return named === undefined ? onlyOne(listLocalClusters()).dir : folderAt(named);
}

/**
 * The folder of the cluster that the value of `--address` names.
 * @throws NBS_CLUSTER_GONE, NBS_ADDRESS_OF_RAY, NBS_INVALID_ADDRESS, NBS_SEVERAL_CLUSTERS, NBS_NO_DETACHED_CLUSTER
 */
export async function folderAt(address: string): Promise<string> {
  if (address === 'auto') return onlyOne(await detachedClusters(), NoDetachedCluster).dir;
  return onlyOne(clustersNamed(address), () => noClusterNamed(address)).dir;
}

/** @throws NBS_NO_CLUSTER, NBS_SEVERAL_CLUSTERS */
export function onlyOne(running: readonly ClusterInfo[], none: () => Error = NoCluster): ClusterInfo {
  const [only, ...others] = running;
  if (only === undefined) throw none();
  if (others.length > 0) throw severalClusters(running);
  return only;
}

/** The error names each cluster in the form in which a command takes it. */
function severalClusters(running: readonly ClusterInfo[]): Error {
  const lines = running.map((info) => {
    const url = info.url === '' ? 'no HTTP' : info.url;
    return `  --address ${shellWord(info.dir)}   # ${info.name}, for ${age(Date.now() - info.startedAt)}, ${url}`;
  });
  return SeveralClusters({ clusters: lines.join('\n') });
}

/** The two largest units: `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min`;
  if (days === 0) return `${hours} h ${minutes % 60} min`;
  return `${days} d ${hours % 24} h`;
}

/** Quotes a path, if need be, so that a shell reads it as one word. */
const shellWord = (path: string): string => (/^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

/** @throws as {@link findCluster} */
export async function joinCluster(values: Named): Promise<Client> {
  return Client.join(await findCluster(values));
}
