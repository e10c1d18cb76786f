import { type Clock, InTurn, type Log } from '../../../core/index.js';
import type { Checkpoint } from './checkpoint.js';
import { emptyTarget, type TargetState } from './target.js';

type Change = (target: TargetState) => TargetState;

export interface TargetStoreOptions {
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'error'>;
}

/** How often writing is tried again after the disk refused it. */
const RETRY_MS = 5000;

/** The target state and its copy on disk. Changes are made one after the other, and each takes effect only when it is on disk. */
export class TargetStore {
  readonly #options: TargetStoreOptions;
  #current: TargetState = emptyTarget;
  readonly #changes = new InTurn();
  #problem: string | null = null;
  #retrying = false;

  constructor(options: TargetStoreOptions) {
    this.#options = options;
  }

  get current(): TargetState {
    return this.#current;
  }

  /** Why the disk cannot be written at present; `null` if the last write succeeded. */
  get problem(): string | null {
    return this.#problem;
  }

  /** @throws NBS_CHECKPOINT_UNREADABLE */
  async load(): Promise<void> {
    this.#current = (await this.#options.checkpoint.load()) ?? emptyTarget;
  }

  /** @throws what `change` throws; NBS_CHECKPOINT_FAILED, and then nothing has changed */
  change(change: Change): Promise<void> {
    return this.#enqueue(change, (next) => this.#save(next));
  }

  /** For changes that must happen even if the disk is full: the change takes effect in this controller, and is written when the disk accepts it. */
  changeAnyway(change: Change): Promise<void> {
    return this.#enqueue(change, (next) => this.#save(next).catch(() => {}));
  }

  #enqueue(change: Change, save: (next: TargetState) => Promise<void>): Promise<void> {
    return this.#changes.run(async () => {
      const next = change(this.#current);
      if (next === this.#current) return;
      await save(next);
      this.#current = next;
    });
  }

  async #save(target: TargetState): Promise<void> {
    const { checkpoint, log } = this.#options;
    try {
      await checkpoint.save(target);
      if (this.#problem !== null) log.info('the checkpoint can be written again');
      this.#problem = null;
    } catch (error) {
      const { message } = error as Error;
      if (this.#problem === null) {
        log.error(message);
      }
      this.#problem = message;
      this.#retryLater();
      throw error;
    }
  }

  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#options.clock.after(RETRY_MS, () => {
      this.#retrying = false;
      if (this.#problem !== null) this.#changes.run(() => this.#save(this.#current)).catch(() => {});
    });
  }
}
