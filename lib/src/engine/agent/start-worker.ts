import { connect, helloOf } from '../../ipc/index.js';
import { ProcessState } from '../engine.js';
import type { Agent } from './agent.js';
import type { NodePlan } from './node-plan.js';
import type { Nodes } from './nodes.js';
import type { WorkerArgs } from './worker-main.js';
import { WorkerNode, type WorkerStarter } from './worker-node.js';

export interface StartWorker {
  readonly plan: NodePlan;
  readonly token: string;
  readonly head: Agent;
  readonly nodes: Nodes;
  readonly http: WorkerArgs['http'];
  /** Path of the file that the worker's process runs. */
  readonly main: string;
}

/** Starts the agent of another node of this machine. Resolves when that can run processes. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED */
export async function startWorker({ plan, token, head, nodes, http, main }: StartWorker): Promise<WorkerNode> {
  const { id: node, socket } = plan;
  const id = `agent@${node}`;
  const args: WorkerArgs = { node, socket, http };
  const starter: WorkerStarter = {
    async start() {
      try {
        await head.start({ restart: true, id, role: 'agent', label: id, main, args });
      } catch (error) {
        // The agent's own error says more, if there is one.
        throw (error as Error).cause ?? error;
      }
    },
    connect: () => connect({ path: socket }, { token, hello: helloOf('agent', 'head') }),
    kill() {
      const run = head.list().find((process) => process.id === id);
      if (run?.state === ProcessState.RUNNING) process.kill(run.pid, 'SIGKILL');
    },
  };
  const worker = new WorkerNode({ id: node, head, starter, onChange: (alive) => nodes.changed({ id: node, alive }) });
  nodes.add(worker);
  await worker.open(starter);
  return worker;
}
