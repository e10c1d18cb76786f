import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnv } from '../core/index.js';
import { type CertificateFiles, type Channel, opCaller } from '../ipc/index.js';
import type { AgentOps } from './agent-ops.js';
import type { AdmittedNode, DeclaredResources, JoinAddress } from './engine.js';

/** The file that a node of another machine runs. */
const JOIN_MAIN = fileURLToPath(new URL('./agent/join-main.js', import.meta.url));

/** What a node needs to join a cluster. It contains no secret. */
export interface JoinArguments {
  /** `host:port` of the head. */
  readonly head: string;
  /** SHA-256 of the certificate of the cluster's authority. */
  readonly pin: string;
  /** The address of this machine at which the others reach it. */
  readonly host: string;
  readonly resources?: DeclaredResources;
  /** The user's certificates on this machine, if the cluster has such. */
  readonly tls?: CertificateFiles;
  /** How long to wait until the head admits it. @default 600 */
  readonly waitSeconds?: number;
}

/** The address at which nodes join the cluster of this agent. @throws NBS_ONE_MACHINE */
export function joinAddressOf(agent: Channel): Promise<JoinAddress> {
  return opCaller<AgentOps>(agent)('joinAddress', undefined);
}

/** From now on, the node with that certificate may join the cluster of this agent. @throws NBS_ONE_MACHINE, NBS_NODE_EXISTS */
export async function admitNode(agent: Channel, node: AdmittedNode): Promise<void> {
  await opCaller<AgentOps>(agent)('admit', node);
}

/** Starts the agent of a node on this machine, which joins a cluster of another one. It prints its fingerprint and when it has joined. */
export function startNode(args: JoinArguments): ChildProcess {
  return spawn(process.execPath, [JOIN_MAIN, JSON.stringify(args)], { env: childEnv(), stdio: 'inherit' });
}
