import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFile } from '../../core/index.js';
import { formatHostPort, type NodeFile } from '../../ipc/index.js';
import { Authority } from '../certificates/index.js';
import type { MachineOptions } from '../engine.js';
import type { Agent } from './agent.js';
import { Gate } from './gate.js';
import { JoinedNodes } from './joined-nodes.js';
import { type ListeningSocket, openListeningSocket } from './listening-socket.js';
import type { Nodes } from './nodes.js';

/** The folder of this package's compiled files. */
export const PACKAGE_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface HeadMachine {
  /** The socket at which the controller answers processes of other machines. */
  readonly control: ListeningSocket;
  /** From now on, nodes can join. @throws NBS_LISTEN_FAILED */
  open(agent: Agent, nodes: Nodes): Promise<void>;
}

/** Prepares the head for nodes of other machines. @throws NBS_CANNOT_LISTEN */
export async function prepareMachines(dir: string, head: string, token: string, options: MachineOptions): Promise<HeadMachine> {
  const { host, port } = options;
  const authority = new Authority(token);
  const identity = authority.identity(head);
  const control = await openListeningSocket(host, 0);
  const name = authority.nameOf(head);
  writeNodeFile(dir, { ...identity, node: head, host, name, headName: name });
  const controller = formatHostPort(host, control.port);
  const gate = new Gate({ host, port, token, head, authority, identity, controller, dir, root: PACKAGE_ROOT });
  return {
    control,
    async open(agent, nodes) {
      await gate.open();
      nodes.open(new JoinedNodes(agent, nodes, gate, dir));
    },
  };
}

export function writeNodeFile(dir: string, file: NodeFile): void {
  writeFileSync(nodeFile(dir), JSON.stringify(file), { mode: 0o600 });
}
