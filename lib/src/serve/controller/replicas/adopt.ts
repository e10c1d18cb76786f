import type { Clock, Log } from '../../../core/index.js';
import { replicaSocket } from '../../../core/index.js';
import { type Engine, type ProcessInfo, ProcessState } from '../../../engine/index.js';
import { type ReplicaReady, ReplicaState, type ReplicaStatus, readyFault } from '../../protocol/index.js';
import type { ActualState } from './actual.js';
import type { Executor } from './executor.js';
import type { ConnectControl, ReplicaControl } from './replica-control.js';
import { ReplicaEvent } from './replica-state.js';
import { isSpare, type SparePool } from './spare-pool.js';

export interface AdoptOptions {
  readonly dir: string;
  readonly engine: Engine;
  readonly connectControl: ConnectControl;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly actual: ActualState;
  readonly executor: Executor;
  readonly spares: SparePool;
}

const STATUS_TIMEOUT_MS = 3000;

/** Takes over the replicas that an earlier controller started. Those that were still starting are ended. */
export async function adoptRunning(options: AdoptOptions): Promise<void> {
  const processes = await options.engine.list();
  const replicas = processes.filter(({ role, state }) => role === 'replica' && state !== ProcessState.STOPPED);
  await Promise.all([
    options.spares.endForeign(replicas),
    ...replicas.filter((process) => !isSpare(process)).map((process) => adoptOne(process, options)),
  ]);
}

async function adoptOne({ id, pid }: ProcessInfo, options: AdoptOptions): Promise<void> {
  const { dir, engine, connectControl, log } = options;
  let link: ReplicaControl | undefined;
  try {
    link = await connectControl(replicaSocket(dir, id));
    const status = await link.status(STATUS_TIMEOUT_MS);
    if (!record(id, pid, status, options)) throw new Error(`it is ${status.state}`);
    options.executor.adopt(id, link);
  } catch (error) {
    log.warn(`replica ${id} cannot be taken over and is ended: ${(error as Error).message}`);
    link?.close();
    await engine.stop(id, { graceMs: 0 }).catch(() => {});
  }
}

/** Enters an adopted replica into the actual state. Returns false if the replica cannot be used. */
function record(id: string, pid: number, status: ReplicaStatus, { dir, clock, actual }: AdoptOptions): boolean {
  const { state, app, deployment, replicaHash, generation = 0, ready, allocation = null } = status;
  if (app === undefined || deployment === undefined || replicaHash === undefined || readyFault(ready) !== null) return false;
  if (state !== ReplicaState.RUNNING && state !== ReplicaState.DRAINING) return false;
  const now = clock.now();
  const replica = actual.add(
    { id, app, deployment, replicaHash, generation, path: replicaSocket(dir, id), config: null, allocation },
    now,
  );
  replica.connected = true;
  replica.pid = pid;
  actual.offers.set(replica.group, ready as ReplicaReady);
  actual.transition(id, ReplicaEvent.INITIALIZE, now);
  actual.transition(id, ReplicaEvent.READY, now);
  if (state === ReplicaState.DRAINING) actual.transition(id, ReplicaEvent.DRAIN, now);
  return true;
}
