import { readFileSync } from 'node:fs';
import { agentSocket, shortId, tokenFile } from '../core/index.js';
import { connect, helloOf, opCaller } from '../ipc/index.js';
import type { AgentOps, JournalBatch, ReadLogs } from './agent-ops.js';
import { joinLocalCluster } from './cluster.js';
import { clusterIn } from './cluster-folder.js';
import type { LogLine } from './engine.js';
import { ClusterGone } from './errors.js';

interface ReadClusterLogs {
  /** Go on with new lines, until the cluster ends. */
  readonly follow: boolean;
  /** Called when the lines are read that were there at the call, and awaited. */
  readonly onCaughtUp?: () => unknown;
}

/**
 * The last lines that the processes of a cluster have printed (16 MiB are kept), in the order in which they came.
 * @throws NBS_CLUSTER_GONE
 */
export async function* readClusterLogs(dir: string, options: ReadClusterLogs): AsyncGenerator<LogLine> {
  if (clusterIn(dir) === undefined) throw ClusterGone({ path: dir });
  const token = readFileSync(tokenFile(dir), 'utf8');
  // It connects as a driver, because a cluster that ends waits until drivers have read the last lines.
  const channel = await connect({ path: agentSocket(dir) }, { token, hello: helloOf('driver', shortId()) });
  try {
    const call = opCaller<AgentOps>(channel);
    yield* readLines((request) => call('logs', request), options);
  } finally {
    channel.close();
  }
}

export async function* readLines(
  read: (request: ReadLogs) => Promise<JournalBatch<LogLine>>,
  { follow, onCaughtUp = () => {} }: ReadClusterLogs,
): AsyncGenerator<LogLine> {
  // Processes may print faster than this reads, so the end of what is there has to be known at the beginning.
  const { last: known } = await read({ after: null, atOnce: true });
  let after = 0;
  while (after < known) {
    const { entries, last, ended } = await read({ after, atOnce: true });
    yield* entries;
    after = last;
    if (ended) break;
  }
  await onCaughtUp();
  while (follow) {
    const next = await read({ after }).catch(() => undefined);
    if (next === undefined) return;
    yield* next.entries;
    if (next.ended) return;
    after = next.last;
  }
}

/**
 * Drains and ends the cluster in `dir`. Resolves when its processes have ended and its folder is removed.
 * @param graceMs how long the drain may take, in ms; then SIGKILL
 * @throws NBS_CLUSTER_GONE
 */
export async function stopCluster(dir: string, graceMs: number): Promise<void> {
  const cluster = await joinLocalCluster(dir, { onLog: () => {}, logs: 'own' });
  await cluster.stop({ graceMs });
}
