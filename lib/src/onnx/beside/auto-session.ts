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
  readonly #readWork: () => boolean;
  /** Whether the length of a run depends on values; null as long as nobody has looked. */
  #isVarying: boolean | null = null;
  /** Time of the runs in this turn of the loop. */
  #used = 0;
  #turn: Promise<void> | null = null;

  /** @param readWork tells whether the length of a run depends on the values of its inputs, and not only on their sizes */
  constructor(session: BesideSession, readWork: () => boolean) {
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.#session = session;
    this.#readWork = readWork;
  }

  get place(): RunPlace {
    return this.#isVarying === false ? this.#choice.place : 'beside';
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
    this.#isVarying ??= this.#readWork();
    return !this.#isVarying;
  }

  #sizeOf(feeds: Feeds): number {
    let bytes = 0;
    for (const { name } of this.inputs) bytes += bytesOf(feeds[name]);
    return bytes;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function bytesOf(tensor: Tensor | undefined): number {
  if (tensor === undefined) return 0;
  if (tensor.type !== 'string') return tensor.data.length;
  // A model may work longer on a longer text.
  let length = 0;
  for (const text of tensor.data as readonly string[]) length += 1 + text.length;
  return length;
}
