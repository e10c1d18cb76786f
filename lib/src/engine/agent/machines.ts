import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, nodeFile } from '../../core/index.js';
import { formatHostPort, type NodeFile, type TlsIdentity } from '../../ipc/index.js';
import type { MachineOptions, RayOptions } from '../engine.js';
import type { RayNodes } from '../ray/index.js';
import type { Agent } from './agent.js';
import { type Admission, Gate } from './gate.js';
import { headCertificates } from './head-certificates.js';
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

/** Prepares the head for nodes of other machines. @throws NBS_CANNOT_LISTEN, NBS_BAD_MACHINE_CERTIFICATE */
export async function prepareMachines(
  dir: string,
  head: string,
  token: string,
  options: MachineOptions,
  http: (node: string) => Admission['http'],
): Promise<HeadMachine> {
  const { host, port } = options;
  const certificates = await headCertificates(head, token, options);
  const { certifier } = certificates;
  const name = certifier.nameOf(head);
  const written = (identity: TlsIdentity): TlsIdentity => {
    writeNodeFile(dir, { ...identity, node: head, host, name, headName: name });
    return identity;
  };
  const identity = written(certificates.identity);
  const control = await openListeningSocket(host, 0);
  const controller = formatHostPort(host, control.port);
  const gate = new Gate({ host, port, token, head, certifier, identity, controller, http, dir, root: PACKAGE_ROOT });
  return {
    control,
    async open(agent, nodes) {
      await gate.open();
      const ray =
        options.ray && (await rayNodes(dir, { ...options.ray, host, ...(options.tls && { tls: options.tls }) }, gate, nodes));
      const joined = new JoinedNodes(agent, nodes, gate, { dir, ray });
      nodes.open(joined);
      certificates.onRenewed((identity) => {
        gate.renew(written(identity));
        joined.renew();
      });
      ray?.open();
    },
  };
}

async function rayNodes(
  dir: string,
  { address, nbserve, host, tls }: RayOptions & Pick<MachineOptions, 'host' | 'tls'>,
  gate: Gate,
  nodes: Nodes,
): Promise<RayNodes> {
  const { headMark, RayApi, RayNodes } = await import('../ray/index.js');
  const root = nbserve === undefined ? PACKAGE_ROOT : join(nbserve, 'dist');
  const head = headMark(host);
  return new RayNodes({
    api: new RayApi(address, head === undefined ? {} : { head }),
    head,
    cluster: basename(dir),
    main: join(root, 'engine', 'agent', 'join-main.js'),
    address: () => gate.address,
    ...(tls && { tls }),
    admit: (node) => void nodes.admit(node),
    onNodes: () => nodes.changed({ id: '', alive: false }),
    log: createLog('ray'),
  });
}

export function writeNodeFile(dir: string, file: NodeFile): void {
  // Others read it at any moment.
  const unfinished = `${nodeFile(dir)}.new`;
  writeFileSync(unfinished, JSON.stringify(file), { mode: 0o600 });
  renameSync(unfinished, nodeFile(dir));
}
