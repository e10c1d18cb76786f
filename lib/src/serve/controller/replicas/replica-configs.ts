import { type Clock, hasCode, type Log } from '../../../core/index.js';
import { PeerGone } from '../../../ipc/index.js';
import { type DeploymentConfig, ReplicaState } from '../../protocol/index.js';
import type { ActualState, ReplicaRecord } from './actual.js';
import { failure } from './failure-reason.js';
import type { ReplicaControl } from './replica-control.js';

export interface ReplicaConfigsOptions {
  readonly actual: Pick<ActualState, 'replicas'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  /** Reads which replicas are blocked. Never rejects. */
  readonly look: () => Promise<void>;
  /** Counts the failure and ends the process. */
  readonly giveUp: (replica: ReplicaRecord, error: Error) => void;
}

/** If a configuration is not applied in time, its deploy restores the one before within this time; the replacement starts with that. */
const RESTORE_MS = 1000;

/** New configurations on their way to running replicas. */
export class ReplicaConfigs {
  readonly #options: ReplicaConfigsOptions;
  /** Each resolves with the error if the replica did not accept its last configuration. */
  readonly #applying = new Map<string, Promise<Error | null>>();

  constructor(options: ReplicaConfigsOptions) {
    this.#options = options;
  }

  /** The replica applies it after those that were sent before. */
  send(replica: ReplicaRecord, link: ReplicaControl, config: DeploymentConfig): void {
    const { id } = replica;
    replica.config = config;
    const done = this.#inTime(replica, link, config).then(
      () => null,
      (error: unknown) => {
        const cause = error instanceof Error ? error : new Error(String(error));
        this.#options.log.info(`replica ${id} did not take its new configuration: ${cause.message}`);
        // If one has ended, it is replaced by one with the new configuration.
        return hasCode(error, PeerGone) ? null : cause;
      },
    );
    this.#applying.set(id, done);
    void done.then(() => {
      if (this.#applying.get(id) === done) this.#applying.delete(id);
    });
  }

  /** Whether the replica works on a new configuration. */
  has(id: string): boolean {
    return this.#applying.has(id);
  }

  /** Resolves when every replica of the application has applied its configuration, with the first error of those that did not accept it. */
  async applied(app: string): Promise<Error | null> {
    const applying = [...this.#applying].filter(([id]) => this.#options.actual.replicas.get(id)?.app === app);
    const errors = await Promise.all(applying.map(([, done]) => done));
    return errors.find((error) => error !== null) ?? null;
  }

  /**
   * User code may take as long to apply a new configuration as its constructor may take. The time in which it applies the one before does not count.
   * If it goes on after that, its replica is replaced: the configuration, which counts as refused, would take effect at the end.
   */
  #inTime(replica: ReplicaRecord, link: ReplicaControl, config: DeploymentConfig): Promise<void> {
    const { clock } = this.#options;
    const before = this.#applying.get(replica.id) ?? Promise.resolve(null);
    const { startupTimeoutMs: timeoutMs } = config;
    const reason = `reconfigure of replica ${replica.id} has not ended after ${timeoutMs} ms (startupTimeout)`;
    return new Promise((resolve, reject) => {
      let goesOn = true;
      let cancel = (): void => {};
      link
        .reconfigure(config)
        .then(resolve, reject)
        .finally(() => {
          goesOn = false;
          cancel();
        });
      const late = (): void => {
        reject(failure(replica, reason));
        cancel = clock.after(RESTORE_MS, () => void this.#replace(replica, link, reason, () => goesOn));
      };
      void before.then(() => {
        if (goesOn) cancel = clock.after(timeoutMs, late);
      });
    });
  }

  async #replace(replica: ReplicaRecord, link: ReplicaControl, reason: string, goesOn: () => boolean): Promise<void> {
    await this.#options.look();
    // What blocks its main thread may be an honest request, behind which the call waits. Others judge how long that may last.
    const isBlocked = replica.blocked !== null || link.isWaiting === true;
    if (!goesOn() || isBlocked || replica.state !== ReplicaState.RUNNING) return;
    this.#options.giveUp(replica, failure(replica, reason, { ran: true }));
  }
}
