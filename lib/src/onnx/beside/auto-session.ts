import type { Feeds, ModelSession, RunPlace, RunStop, Tensor, TensorInfo } from '../types.js';
import { PlaceChoice } from './place-choice.js';
import type { BesideSession } from './session.js';

/** Milliseconds of runs in the loop after which the loop turns once, so that timers and requests get their turn. */
const TURN_MS = 2;

/** A session that makes short runs in the event loop, and others beside it. */
export class AutoSession implements ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #session: BesideSession;
  readonly #choice = new PlaceChoice();
  readonly #findLoops: () => Promise<boolean>;
  /** Whether the length of a run depends on values; null as long as nobody knows. */
  #hasLoops: boolean | null = null;
  #isAsked = false;
  /** Time of the runs in this turn of the loop. */
  #used = 0;
  #turn: Promise<void> | null = null;

  /** @param findLoops tells whether the model has operators that repeat others as often as a value says */
  constructor(session: BesideSession, findLoops: () => Promise<boolean>) {
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.#session = session;
    this.#findLoops = findLoops;
  }

  get place(): RunPlace {
    return this.#hasLoops === false ? this.#choice.place : 'beside';
  }

  async run(feeds: Feeds, outputs: readonly string[], stop: RunStop | null): Promise<Record<string, Tensor>> {
    const bytes = this.#sizeOf(feeds);
    if (this.#choice.next(bytes) === 'loop' && this.#mayUseLoop()) {
      while (this.#used > TURN_MS) await this.#nextTurn();
      stop?.throwIfStopped();
      return this.#runHere(feeds, outputs, bytes);
    }
    const results = await this.#session.run(feeds, outputs, stop, (ms) => this.#choice.ended('beside', bytes, ms));
    return results;
  }

  #runHere(feeds: Feeds, outputs: readonly string[], bytes: number): Record<string, Tensor> {
    void this.#nextTurn();
    const begun = performance.now();
    try {
      return this.#session.runHere(feeds, outputs);
    } finally {
      const ms = performance.now() - begun;
      this.#used += ms;
      this.#choice.ended('loop', bytes, ms);
    }
  }

  #nextTurn(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = null;
        this.#used = 0;
        resolve();
      });
    });
    return this.#turn;
  }

  #mayUseLoop(): boolean {
    if (!this.#isAsked) {
      this.#isAsked = true;
      void this.#findLoops().then((found) => {
        this.#hasLoops = found;
      });
    }
    return this.#hasLoops === false;
  }

  #sizeOf(feeds: Feeds): number {
    let bytes = 0;
    for (const { name } of this.inputs) bytes += feeds[name]?.data.length ?? 0;
    return bytes;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
