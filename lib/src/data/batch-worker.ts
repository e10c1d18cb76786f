/** Runs in the worker processes of data sets: makes a worker of the user's class or function. */

import { applyTo, isClass, type Mode, type UserFunction } from './apply.js';
import { type Block, makeBlock } from './block.js';
import { InvalidCall } from './errors.js';

type AnyClass = new (...args: unknown[]) => { call?: UserFunction };

/** The columns of a block, as they are sent. */
export interface SentBlock {
  readonly rows: number;
  readonly columns: readonly (readonly [string, Block['columns'][string]])[];
}

export const sent = ({ rows, columns }: Block): SentBlock => ({ rows, columns: Object.entries(columns) });
export const received = ({ rows, columns }: SentBlock): Block => makeBlock(rows, columns);

async function apply(mode: Mode, what: string, fn: UserFunction, block: SentBlock): Promise<readonly SentBlock[]> {
  const made: SentBlock[] = [];
  for await (const one of applyTo(mode, what, fn, received(block))) made.push(sent(one));
  return made;
}

/** Is called in the worker's process with the class or function that the user gave. */
export function wrap(target: unknown): unknown {
  if (isClass(target)) return workerOf(target as AnyClass);
  return class MapWorker {
    readonly #mode: Mode;
    readonly #what: string;
    constructor(mode: Mode, what: string) {
      this.#mode = mode;
      this.#what = what;
    }
    applyToBlock(block: SentBlock): Promise<readonly SentBlock[]> {
      return apply(this.#mode, this.#what, target as UserFunction, block);
    }
  };
}

/** A subclass, so that what the user's constructor begins to load is awaited before the first batch. */
function workerOf(Target: AnyClass): unknown {
  return class MapWorker extends Target {
    readonly #mode: Mode;
    readonly #what: string;
    constructor(mode: Mode, what: string, ...args: unknown[]) {
      super(...args);
      this.#mode = mode;
      this.#what = what;
      if (typeof this.call !== 'function')
        throw InvalidCall({
          what,
          expected: 'a class has the method call(batch)',
          got: `${Target.name || 'a class'} without it`,
        });
    }
    applyToBlock(block: SentBlock): Promise<readonly SentBlock[]> {
      return apply(this.#mode, this.#what, (batch) => this.call?.(batch), block);
    }
  };
}
