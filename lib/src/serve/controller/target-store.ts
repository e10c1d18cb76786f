import type { Log } from '../../core/index.js';
import type { Checkpoint } from './checkpoint.js';
import { emptyTarget, type TargetState } from './target.js';

type Change = (target: TargetState) => TargetState;

/** The target state and its copy on disk. One change after the other; each is on disk before it counts. */
export class TargetStore {
  readonly #checkpoint: Checkpoint;
  readonly #log: Pick<Log, 'error'>;
  #current: TargetState = emptyTarget;
  #last: Promise<unknown> = Promise.resolve();

  constructor(checkpoint: Checkpoint, log: Pick<Log, 'error'>) {
    this.#checkpoint = checkpoint;
    this.#log = log;
  }

  get current(): TargetState {
    return this.#current;
  }

  /** False where there was no checkpoint. @throws NBS_CHECKPOINT_UNREADABLE */
  async load(): Promise<boolean> {
    const stored = await this.#checkpoint.load();
    if (stored !== null) this.#current = stored;
    return stored !== null;
  }

  /** @throws what `change` throws; NBS_CHECKPOINT_FAILED, and then nothing has changed */
  change(change: Change): Promise<void> {
    return this.#enqueue(change, (next) => this.#checkpoint.save(next));
  }

  /** For what must go on although the disk is full: it counts for this controller, and a restarted one decides anew. */
  changeAnyway(change: Change): Promise<void> {
    return this.#enqueue(change, (next) =>
      this.#checkpoint.save(next).catch((error: Error) => this.#log.error(`${error.message}; going on without`)),
    );
  }

  #enqueue(change: Change, save: (next: TargetState) => Promise<void>): Promise<void> {
    const run = async (): Promise<void> => {
      const next = change(this.#current);
      if (next === this.#current) return;
      await save(next);
      this.#current = next;
    };
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }
}
