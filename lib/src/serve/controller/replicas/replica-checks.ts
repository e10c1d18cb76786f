import type { Clock } from '../../../core/index.js';
import type { Replica } from './actual.js';

export interface ReplicaChecksOptions {
  readonly clock: Clock;
  /** Asks the replica. */
  readonly check: (id: string) => Promise<void>;
  /** The replica is to be replaced. */
  readonly onUnhealthy: (id: string, reason: string, how: { readonly hung: boolean; readonly cause?: unknown }) => void;
}

/** Failed checks in a row after which a replica is replaced. One that does not answer at all is replaced at once: it had the whole time for it. */
const MAX_FAILURES = 3;
const DEFAULT_PERIOD_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/** Asks each running replica, time and again, whether it is well. */
export class ReplicaChecks {
  readonly #options: ReplicaChecksOptions;
  readonly #watched = new Map<string, () => void>();

  constructor(options: ReplicaChecksOptions) {
    this.#options = options;
  }

  watch(replica: Readonly<Replica>): void {
    this.forget(replica.id);
    this.#schedule(replica, 0);
  }

  forget(id: string): void {
    this.#watched.get(id)?.();
    this.#watched.delete(id);
  }

  #schedule(replica: Readonly<Replica>, failures: number): void {
    const cancel = this.#options.clock.after(replica.config?.healthCheckPeriodMs ?? DEFAULT_PERIOD_MS, () =>
      this.#check(replica, failures),
    );
    this.#watched.set(replica.id, cancel);
  }

  #check(replica: Readonly<Replica>, failures: number): void {
    const { clock, check, onUnhealthy } = this.#options;
    const { id } = replica;
    const timeoutMs = replica.config?.healthCheckTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    let pending = true;
    const settle = (then: () => void): void => {
      if (!pending) return;
      pending = false;
      cancel();
      // Forgotten meanwhile, or watched anew.
      if (this.#watched.get(id) === stop) then();
    };
    const cancel = clock.after(timeoutMs, () =>
      settle(() => {
        this.forget(id);
        onUnhealthy(id, `replica ${id} hangs: it did not answer its health check within ${timeoutMs} ms (healthCheckTimeout)`, {
          hung: true,
        });
      }),
    );
    const stop = (): void => {
      pending = false;
      cancel();
    };
    this.#watched.set(id, stop);
    check(id).then(
      () => settle(() => this.#schedule(replica, 0)),
      (error: unknown) =>
        settle(() => {
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
}
