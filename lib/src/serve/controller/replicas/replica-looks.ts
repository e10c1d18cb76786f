import type { Clock, Log } from '../../../core/index.js';
import type { Engine } from '../../../engine/index.js';
import type { ActualState } from './actual.js';

export interface ReplicaLooksOptions {
  readonly actual: ActualState;
  readonly engine: Pick<Engine, 'list'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  /** Whether anybody waits for a call that the replica has begun, or is not known to have left. Never rejects. */
  readonly isAwaited: (replica: string) => Promise<boolean>;
  /** What the status says of a replica changed. */
  readonly onChange: () => void;
}

/** What is the matter with a replica that does not answer. */
export type Silence =
  /** Not known yet. */
  | 'UNKNOWN'
  /** Nothing is known that excuses it: its process is stopped, or its main thread is blocked by something that is no call. */
  | 'HANGS'
  /** Its process is alive and a call blocks its main thread. */
  | 'BUSY'
  /** So it is, and for `stuckTimeout` nobody has waited for any call of it. */
  | 'STUCK';

/** Until then a process would have said that a call blocks it. */
const KNOWN_AFTER_MS = 2000;

/** Looks at replicas past their main threads: through what the agent knows of their processes, and the routers of their calls. */
export class ReplicaLooks {
  readonly #options: ReplicaLooksOptions;
  /** Since when nobody waits for what a replica works on, and since when it is blocked by that. */
  readonly #unawaited = new Map<string, { readonly since: number; readonly blockedSince: number }>();
  #reading: Promise<void> | null = null;

  constructor(options: ReplicaLooksOptions) {
    this.#options = options;
  }

  /** Reads pids, and which main threads are blocked: one question for many replicas. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().catch((error: unknown) => {
      this.#options.log.info(`processes could not be listed: ${error instanceof Error ? error.message : String(error)}`);
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    // Those who ask in this turn are answered together, those who ask later with what is so then.
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

  /** What is the matter with a replica that has not answered since `askedAt`. */
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
    // Its watcher ends one whose deadlines are over.
    if (blocked.isOver || (await isAwaited(id))) {
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

  /** It answers, or is gone. */
  forget(id: string): void {
    this.#unawaited.delete(id);
    const { actual, onChange } = this.#options;
    if ([actual.setSilent(id, null), actual.setBlocked(id, null)].includes(true)) onChange();
  }
}
