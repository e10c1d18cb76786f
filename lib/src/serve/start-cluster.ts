import { fileURLToPath } from 'node:url';
import {
  type ClusterEntries,
  type ClusterInfo,
  type DetachedOptions,
  type HttpOptions,
  startDetachedCluster,
} from '../engine/index.js';
import { notice } from './notice.js';

/** Entry files of the processes that every cluster has besides its replicas. */
export const CLUSTER_ENTRIES: ClusterEntries = {
  controller: fileURLToPath(new URL('./controller/main.js', import.meta.url)),
  proxy: fileURLToPath(new URL('./proxy/main.js', import.meta.url)),
};

/**
 * Starts a cluster without an owner; it runs until it is stopped.
 * @throws NBS_DETACHED_RUNNING, and the errors of the start of any cluster
 */
export function startDetached(http: HttpOptions, options: Omit<DetachedOptions, 'entries'> = {}): Promise<ClusterInfo> {
  return startDetachedCluster(http, { onMissing: notice, ...options, entries: CLUSTER_ENTRIES });
}
