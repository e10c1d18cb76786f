import { setTimeout as delay } from 'node:timers/promises';
import { callOp, connectPlace, helloOf, nearPlaces } from '../ipc/index.js';
import type { Client } from './client.js';
import { runningCluster } from './own-cluster.js';
import { deploymentKey, type ReplicaOps, type ReplicaRoute } from './protocol/index.js';

/** A replica that waits for a debugger. */
export interface DebuggedReplica {
  readonly id: string;
  /** The path of a Unix socket. Whoever connects and sends the secret gets the inspector of the replica's main thread: lines of JSON, both ways. */
  readonly socket: string;
  /** The first line to send. */
  readonly secret: string;
}

/** A replica that is in native code cannot answer. After so many turns of 100 ms, the debugger does without it. */
const TURNS = 10;
const TURN_MS = 100;

/**
 * Makes the replicas that run now on this machine, of applications that this process ran, wait for a debugger.
 * @param known ids of replicas that are left out
 */
export async function debugReplicas(known: ReadonlySet<string>): Promise<readonly DebuggedReplica[]> {
  const client = await runningCluster();
  if (client === null) return [];
  const isNear = nearPlaces(client.cluster.dir);
  const replicas = Object.values(client.router.snapshot?.deployments ?? {})
    .filter(({ app, name }) => client.hasRun(deploymentKey(app, name)))
    .flatMap((route) => route.replicas)
    .filter(({ id, path }) => !known.has(id) && isNear(path));
  const found = await Promise.all(
    replicas.map((replica) => Promise.race([ask(client, replica).catch(() => undefined), patience()])),
  );
  return found.filter((one) => one !== undefined);
}

async function ask({ cluster: { dir, token } }: Client, { id, path }: ReplicaRoute): Promise<DebuggedReplica> {
  const hello = helloOf('driver', `debugger-${process.pid}`);
  const channel = await connectPlace(dir, path, { token, hello });
  try {
    return { id, ...(await callOp<ReplicaOps, 'debug'>(channel, 'debug', undefined)) };
  } finally {
    channel.close();
  }
}

/** Time counts only while this thread's event loop turns: a cell that loads a library blocks it, and no answer is read meanwhile. */
async function patience(): Promise<undefined> {
  for (let turn = 0; turn < TURNS; turn += 1) await delay(TURN_MS, undefined, { ref: false });
}
