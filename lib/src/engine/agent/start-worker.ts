import type { Agent } from './agent.js';
import type { NodePlan } from './node-plan.js';
import type { Nodes } from './nodes.js';
import type { WorkerArgs } from './worker-main.js';
import { WorkerNode } from './worker-node.js';

export interface StartWorker {
  readonly plan: NodePlan;
  readonly token: string;
  readonly head: Agent;
  readonly nodes: Nodes;
  readonly http: WorkerArgs['http'];
  /** Path of the file that the worker's process runs. */
  readonly main: string;
}

/** Starts the agent of another node. Resolves when that can run processes. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED */
export async function startWorker({ plan, token, head, nodes, http, main }: StartWorker): Promise<WorkerNode> {
  const { id: node, socket } = plan;
  const id = `agent@${node}`;
  const args: WorkerArgs = { node, socket, http };
  const worker = new WorkerNode({
    plan,
    token,
    head,
    spec: { restart: true, id, role: 'agent', label: id, main, args },
    onChange: (alive) => nodes.changed({ id: node, alive }),
  });
  nodes.add(worker);
  await worker.open();
  return worker;
}
