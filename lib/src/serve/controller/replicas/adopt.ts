import type { Clock, Log } from '../../../core/index.js';
import { hasCode, replicaSocket } from '../../../core/index.js';
import { type Engine, type ProcessInfo, ProcessState } from '../../../engine/index.js';
import { ConnectFailed, DeadlineExceeded } from '../../../ipc/index.js';
import { type ReplicaReady, ReplicaState, type ReplicaStatus, readyFault } from '../../protocol/index.js';
import type { ActualState } from './actual.js';
import type { Executor } from './executor.js';
import { lateControl } from './late-control.js';
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

async function adoptOne(process: ProcessInfo, options: AdoptOptions): Promise<void> {
  const { id } = process;
  const { engine, connectControl, log } = options;
  if (process.blocked !== undefined && adoptUnasked(process, 'is busy in a call', options)) return;
  let link: ReplicaControl | undefined;
  try {
    link = await connectControl(placeOf(process, options));
    const status = await link.status(STATUS_TIMEOUT_MS);
    if (!record(process, status, options)) throw new Error(`it is ${status.state}`);
    options.executor.adopt(id, link);
  } catch (error) {
    link?.close();
    const now = (await engine.list().catch(() => [])).find((other) => other.id === id);
    const reason = now?.blocked !== undefined ? 'is busy in a call' : isSilence(error) ? 'does not answer yet' : undefined;
    if (now !== undefined && reason !== undefined && adoptUnasked(now, reason, options)) return;
    log.warn(`replica ${id} cannot be taken over and is ended: ${(error as Error).message}`);
    await engine.stop(id, { graceMs: 0 }).catch(() => {});
  }
}

/** Takes over a replica by what it said of itself, if it cannot be asked now; from then on it is judged like any other. */
function adoptUnasked(process: ProcessInfo, reason: string, options: AdoptOptions): boolean {
  const { id, blocked, self } = process;
  const { connectControl, clock, actual, executor, log } = options;
  if (process.state === ProcessState.STOPPED || !isStatus(self) || !record(process, self, options)) return false;
  if (blocked !== undefined) actual.setBlocked(id, blocked);
  log.info(`replica ${id} ${reason}, and is taken over by what it said of itself`);
  executor.adopt(id, lateControl(placeOf(process, options), connectControl, clock));
  return true;
}

/** The replica was stopped, its memory is on a disk, or the machine or this process had no time for it. Its health checks will tell. */
function isSilence(error: unknown): boolean {
  if (hasCode(error, DeadlineExceeded)) return true;
  return hasCode(error, ConnectFailed) && ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
}

const placeOf = ({ id, place }: ProcessInfo, { dir }: AdoptOptions): string => place ?? replicaSocket(dir, id);

/** User code runs in the process that said it. */
function isStatus(self: unknown): self is ReplicaStatus {
  return typeof self === 'object' && self !== null;
}

/** Enters an adopted replica into the actual state. Returns false if the replica cannot be used. */
function record(process: ProcessInfo, status: ReplicaStatus, options: AdoptOptions): boolean {
  const { id, pid } = process;
  const { clock, actual } = options;
  const { state, app, deployment, replicaHash, generation = 0, ready, allocation = null } = status;
  if (app === undefined || deployment === undefined || replicaHash === undefined || readyFault(ready) !== null) return false;
  if (state !== ReplicaState.RUNNING && state !== ReplicaState.DRAINING) return false;
  const now = clock.now();
  const replica = actual.add(
    { id, app, deployment, replicaHash, generation, path: placeOf(process, options), config: null, allocation },
    now,
  );
  replica.connected = true;
  replica.pid = pid;
  const { models = [], ...offer } = ready as ReplicaReady;
  replica.models = models;
  actual.offers.set(replica.group, offer);
  actual.transition(id, ReplicaEvent.INITIALIZE, now);
  actual.transition(id, ReplicaEvent.READY, now);
  if (state === ReplicaState.DRAINING) actual.transition(id, ReplicaEvent.DRAIN, now);
  return true;
}
