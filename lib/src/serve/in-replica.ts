import type { OpCaller } from '../ipc/index.js';
import { ControllerLink } from './controller-link.js';
import { replicaCluster } from './handle/index.js';
import type { ControllerOps } from './protocol/index.js';

let link: ControllerLink | null = null;

/** In a replica, what asks the controller of its cluster; elsewhere `undefined`. */
export function inReplica(): { readonly call: OpCaller<ControllerOps> } | undefined {
  const cluster = replicaCluster();
  if (cluster === undefined) return undefined;
  const { dir, token, hello } = cluster;
  link ??= new ControllerLink(dir, { token, hello, unref: true });
  return link;
}
