import type { Feeds, ModelSession, RunPlace, RunStop, Tensor, TensorInfo } from '../types.js';
import { PlaceChoice, type Sizes } from './place-choice.js';
import type { BesideSession, Inputs } from './session.js';

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

  run(feeds: Feeds, outputs: readonly string[], stop: RunStop | null): Promise<Record<string, Tensor>> {
    const sizes = this.#sizesOf(feeds);
    if (this.#choice.next(sizes) === 'loop' && this.#mayUseLoop()) {
      if (this.#used > TURN_MS) return this.#session.withCopy(feeds, (inputs) => this.#runLater(inputs, outputs, stop, sizes));
      return this.#runNow(feeds, outputs, stop, sizes);
    }
    return this.#session.run(feeds, outputs, stop, (ms) => this.#choice.ended('beside', sizes, ms));
  }

  async #runNow(feeds: Feeds, outputs: readonly string[], stop: RunStop | null, sizes: Sizes): Promise<Record<string, Tensor>> {
    stop?.throwIfStopped();
    return this.#timed(sizes, () => this.#session.runHere(feeds, outputs));
  }

  async #runLater(
    inputs: Inputs,
    outputs: readonly string[],
    stop: RunStop | null,
    sizes: Sizes,
  ): Promise<Record<string, Tensor>> {
    while (this.#used > TURN_MS) await this.#nextTurn();
    stop?.throwIfStopped();
    return this.#timed(sizes, () => this.#session.runCopied(inputs, outputs));
  }

  #timed<T>(sizes: Sizes, run: () => T): T {
    void this.#nextTurn();
    const begun = performance.now();
    try {
      return run();
    } finally {
      const ms = performance.now() - begun;
      this.#used += ms;
      this.#choice.ended('loop', sizes, ms);
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

  /** All dimensions of all inputs, and the length of texts, because a model may work longer on longer ones. */
  #sizesOf(feeds: Feeds): Sizes {
    const sizes: number[] = [];
    for (const { name } of this.inputs) {
      const tensor = feeds[name];
      if (tensor === undefined) continue;
      for (const dim of tensor.dims) sizes.push(dim);
      if (tensor.type === 'string') sizes.push(lengthOf(tensor.data as readonly string[]));
    }
    return sizes;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function lengthOf(texts: readonly string[]): number {
  let length = 0;
  for (const text of texts) length += text.length;
  return length;
}
