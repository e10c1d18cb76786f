import { agentSocket } from '../../core/index.js';
import type { DeclaredNode, DeclaredResources } from '../engine.js';

/** A node that is to be started on this machine. */
export interface NodePlan {
  readonly id: string;
  /** A loopback address of its own: 127.0.0.1 for the head, then 127.0.0.2 … */
  readonly ip: string;
  /** Its agent's control socket. */
  readonly socket: string;
  readonly declared: DeclaredResources;
}

/** The nodes of a cluster, the head first. Pure. */
export function planNodes(dir: string, declared: readonly DeclaredNode[]): readonly [NodePlan, ...NodePlan[]] {
  const plans = declared.map(({ name, resources = {} }, index) => ({
    id: name ?? (declared.length === 1 ? 'local' : `node-${index + 1}`),
    ip: `127.0.0.${index + 1}`,
    socket: agentSocket(dir, index === 0 ? undefined : index + 1),
    declared: resources,
  }));
  return plans as unknown as readonly [NodePlan, ...NodePlan[]];
}
