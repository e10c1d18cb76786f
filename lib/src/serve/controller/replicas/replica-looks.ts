import type { Clock, Log } from '../../../core/index.js';
import type { Engine } from '../../../engine/index.js';
import type { ActualState } from './actual.js';

export interface ReplicaLooksOptions {
  readonly actual: ActualState;
  readonly engine: Pick<Engine, 'list'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  /** Whether a caller waits for a call that the replica has begun, or may still wait. Never rejects. */
  readonly isAwaited: (replica: string) => Promise<boolean>;
  /** Called when the status of a replica has changed. */
  readonly onChange: () => void;
}

/** Why a replica does not answer. */
export type Silence =
  /** The reason is not known yet. */
  | 'UNKNOWN'
  /** There is no known reason that excuses it: its process is stopped, or something that is not a call blocks its main thread. */
  | 'HANGS'
  /** Its process runs, and a call blocks its main thread, or a debugger has stopped it. */
  | 'BUSY'
  /** A call blocks its main thread, and for `stuckTimeout` nobody has waited for any of its calls. */
  | 'STUCK';

/** Before this time, a process would have reported that a call blocks it. */
const KNOWN_AFTER_MS = 2000;

/** Examines replicas without their main threads: with what the agent knows about their processes, and the routers about their calls. */
export class ReplicaLooks {
  readonly #options: ReplicaLooksOptions;
  /** Time since which nobody waits for the calls of a replica, and since which it is blocked. */
  readonly #unawaited = new Map<string, { readonly since: number; readonly blockedSince: number }>();
  #reading: Promise<void> | null = null;

  constructor(options: ReplicaLooksOptions) {
    this.#options = options;
  }

  /** Reads pids and which main threads are blocked, with one request for many replicas. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().catch((error: unknown) => {
      this.#options.log.info(`processes could not be listed: ${error instanceof Error ? error.message : String(error)}`);
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    // Callers of this turn share one answer. Later callers get newer information.
    await Promise.resolve();
    this.#reading = null;
    const { actual, engine, onChange } = this.#options;
    let changed = false;
    for (const { id, pid, blocked = null } of await engine.list()) {
      const replica = actual.replicas.get(id);
      if (replica === undefined) continue;
      replica.pid = pid;
      changed = actual.setBlocked(id, blocked) || changed;
    }
    if (changed) onChange();
  }

  /** Finds out why a replica has not answered since `askedAt`. */
  async judge(id: string, askedAt: number): Promise<Silence> {
    await this.refresh();
    const { actual, clock, isAwaited, onChange } = this.#options;
    const now = clock.now();
    const blocked = actual.replicas.get(id)?.blocked ?? null;
    const hangs = blocked === null && now - askedAt >= KNOWN_AFTER_MS;
    if (actual.setSilent(id, hangs ? askedAt : null)) onChange();
    if (blocked === null) {
      this.#unawaited.delete(id);
      return hangs ? 'HANGS' : 'UNKNOWN';
    }
    // Its watcher ends a replica whose deadlines are over. One at a breakpoint goes on when the person wants it.
    if (blocked.isOver || blocked.isDebugged === true || (await isAwaited(id))) {
      this.#unawaited.delete(id);
      return 'BUSY';
    }
    const known = this.#unawaited.get(id);
    if (known?.blockedSince !== blocked.since) {
      this.#unawaited.set(id, { since: now, blockedSince: blocked.since });
      return 'BUSY';
    }
    const stuckTimeoutMs = actual.replicas.get(id)?.config?.stuckTimeoutMs ?? Number.POSITIVE_INFINITY;
    return now - known.since >= stuckTimeoutMs ? 'STUCK' : 'BUSY';
  }

  /** To be called when the replica answers or has ended. */
  forget(id: string): void {
    this.#unawaited.delete(id);
    const { actual, onChange } = this.#options;
    if ([actual.setSilent(id, null), actual.setBlocked(id, null)].includes(true)) onChange();
  }
}
