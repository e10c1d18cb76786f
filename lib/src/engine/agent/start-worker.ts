import { fileURLToPath } from 'node:url';
import type { Agent } from './agent.js';
import type { NodePlan } from './node-plan.js';
import type { Nodes } from './nodes.js';
import type { WorkerArgs } from './worker-main.js';
import { WorkerNode } from './worker-node.js';

const WORKER_MAIN = fileURLToPath(new URL('./worker-main.js', import.meta.url));

export interface StartWorker {
  readonly plan: NodePlan;
  readonly token: string;
  readonly head: Agent;
  readonly nodes: Nodes;
  readonly http: WorkerArgs['http'];
}

/** Starts the agent of another node; resolves when it can run processes. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED */
export async function startWorker({ plan, token, head, nodes, http }: StartWorker): Promise<WorkerNode> {
  const { id: node, socket } = plan;
  const id = `agent@${node}`;
  const args: WorkerArgs = { node, socket, http };
  const worker = new WorkerNode({
    plan,
    token,
    head,
    spec: { restart: true, id, role: 'agent', label: id, main: WORKER_MAIN, args },
    onChange: (alive) => nodes.changed({ id: node, alive }),
  });
  nodes.add(worker);
  await worker.open();
  return worker;
}
