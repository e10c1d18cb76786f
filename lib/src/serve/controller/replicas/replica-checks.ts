import type { Clock } from '../../../core/index.js';
import type { ReplicaRecord } from './actual.js';
import type { Silence } from './replica-looks.js';

export interface ReplicaChecksOptions {
  readonly clock: Clock;
  /** Sends the health check to the replica. */
  readonly check: (id: string) => Promise<void>;
  /** Examines a replica that has not answered since `askedAt`. Never rejects. */
  readonly judge: (id: string, askedAt: number) => Promise<Silence>;
  /** Called when it has answered after that. */
  readonly onAnswered: (id: string) => void;
  /** Called when the replica must be replaced. */
  readonly onUnhealthy: (id: string, reason: string, how: { readonly hung: boolean; readonly cause?: unknown }) => void;
}

/** After this many failed checks in a row, a replica is replaced. One that hangs is replaced at once, because it had the whole time to answer. */
const MAX_FAILURES = 3;
const DEFAULT_PERIOD_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 30_000;
/** How often a replica that has not answered is examined. */
const LOOK_EVERY_MS = 1000;

/** Sends a health check to each running replica at intervals. */
export class ReplicaChecks {
  readonly #options: ReplicaChecksOptions;
  readonly #watched = new Map<string, () => void>();

  constructor(options: ReplicaChecksOptions) {
    this.#options = options;
  }

  watch(replica: Readonly<ReplicaRecord>): void {
    this.forget(replica.id);
    this.#schedule(replica, 0);
  }

  forget(id: string): void {
    this.#watched.get(id)?.();
    this.#watched.delete(id);
  }

  #schedule(replica: Readonly<ReplicaRecord>, failures: number): void {
    const cancel = this.#options.clock.after(replica.config?.healthCheckPeriodMs ?? DEFAULT_PERIOD_MS, () =>
      this.#check(replica, failures),
    );
    this.#watched.set(replica.id, cancel);
  }

  #check(replica: Readonly<ReplicaRecord>, failures: number): void {
    const { check, onAnswered, onUnhealthy } = this.#options;
    const { id } = replica;
    let pending = true;
    const cancelLooks = this.#look(replica, (reason) => settle(() => this.#replace(id, reason)));
    const settle = (then: () => void): void => {
      if (!pending) return;
      stop();
      // The replica was forgotten meanwhile, or is watched anew.
      if (this.#watched.get(id) === stop) then();
    };
    const stop = (): void => {
      pending = false;
      cancelLooks();
    };
    this.#watched.set(id, stop);
    check(id).then(
      () =>
        settle(() => {
          onAnswered(id);
          this.#schedule(replica, 0);
        }),
      (error: unknown) =>
        settle(() => {
          onAnswered(id);
          if (failures + 1 < MAX_FAILURES) return this.#schedule(replica, failures + 1);
          this.forget(id);
          const message = error instanceof Error ? error.message : String(error);
          onUnhealthy(id, `replica ${id} failed ${MAX_FAILURES} health checks in a row: ${message}`, {
            hung: false,
            cause: error,
          });
        }),
    );
  }

  #replace(id: string, reason: string): void {
    this.forget(id);
    this.#options.onUnhealthy(id, reason, { hung: true });
  }

  /**
   * Examines a replica after a check was sent, until it answers. Returns a function that stops this. The time in which a call blocks the replica is
   * not counted, nor the time in which this process did not run: then the machine was stopped or too busy, and the replica may not have run either.
   */
  #look({ id, config }: Readonly<ReplicaRecord>, replace: (reason: string) => void): () => void {
    const { clock, judge } = this.#options;
    const timeoutMs = config?.healthCheckTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    let askedAt = clock.now();
    let countsFrom = askedAt;
    let stopped = false;
    let cancel = (): void => {};
    const next = (): void => {
      const leftMs = countsFrom + timeoutMs - clock.now();
      const pauseMs = leftMs > 0 ? Math.min(leftMs, LOOK_EVERY_MS) : LOOK_EVERY_MS;
      const dueAt = clock.now() + pauseMs;
      cancel = clock.after(pauseMs, () => {
        const lateMs = Math.max(0, clock.now() - dueAt);
        askedAt += lateMs;
        countsFrom += lateMs;
        void judge(id, askedAt).then((silence) => {
          if (stopped) return;
          const now = clock.now();
          if (silence === 'STUCK') replace(stuckReason(id, config?.stuckTimeoutMs ?? 0));
          else if (silence === 'HANGS' && now - countsFrom >= timeoutMs) replace(hangsReason(id, timeoutMs));
          else {
            if (silence === 'BUSY') countsFrom = now;
            next();
          }
        });
      });
    };
    next();
    return () => {
      stopped = true;
      cancel();
    };
  }
}

function hangsReason(id: string, timeoutMs: number): string {
  return `replica ${id} hangs: it did not answer its health check within ${timeoutMs} ms (healthCheckTimeout)`;
}

function stuckReason(id: string, stuckTimeoutMs: number): string {
  return `replica ${id} is stuck: what blocks its event loop has gone on for ${stuckTimeoutMs} ms after everybody who waited for it had left (stuckTimeout)`;
}
