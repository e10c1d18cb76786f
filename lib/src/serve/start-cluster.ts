import { fileURLToPath } from 'node:url';
import {
  type ClusterEntries,
  type ClusterInfo,
  type DetachedOptions,
  type HttpOptions,
  startDetachedCluster,
} from '../engine/index.js';

/** The processes that every cluster runs besides its replicas. */
export const CLUSTER_ENTRIES: ClusterEntries = {
  controller: fileURLToPath(new URL('./controller/main.js', import.meta.url)),
  proxy: fileURLToPath(new URL('./proxy/main.js', import.meta.url)),
};

/**
 * Starts a cluster that nobody owns: it runs until it is stopped.
 * @throws NBS_DETACHED_RUNNING, and what the start of any cluster throws
 */
export function startDetached(http: HttpOptions, options: Omit<DetachedOptions, 'entries'> = {}): Promise<ClusterInfo> {
  return startDetachedCluster(http, { ...options, entries: CLUSTER_ENTRIES });
}
