import { cancelTermination, isolateAddress, terminateIsolate } from './isolate.js';
import { EVALUATES } from './messages.js';
import { interruptedFiles } from './unwind.js';

const KEY = 'nbserve.kernel.evaluates';

/** The evaluations of the debugger's client in the main thread, for the control thread. An inspector could not end them, because it answers nothing meanwhile. */
export class Evaluation {
  readonly #shared: Int32Array;
  #isStopped = false;
  /** The isolate whose evaluation was terminated. */
  #terminated: string | undefined;

  constructor(shared: Int32Array) {
    this.#shared = shared;
  }

  /** An expression whose value says whether the main thread is not in the middle of code. */
  readonly isFree: string = called('');

  /** @returns an expression that the main thread must evaluate before the client's @param isStopped whether its code stands at a breakpoint */
  begin(isStopped: boolean): string {
    this.#isStopped = isStopped;
    return called(`${isStopped}`);
  }

  /** It has ended, or was ended. */
  end(): void {
    store(this.#shared, 0n);
    if (this.#isStopped && this.#terminated !== undefined) cancelTermination(this.#terminated);
    this.#terminated = undefined;
  }

  /** Ends it, if there is one. The address is used once, because what runs after it must not be terminated. */
  terminate(): void {
    const [low, high] = [Atomics.exchange(this.#shared, EVALUATES, 0), Atomics.exchange(this.#shared, EVALUATES + 1, 0)];
    const address = (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low));
    if (address === 0n) return;
    this.#terminated = `${address}`;
    terminateIsolate(this.#terminated);
  }
}

const called = (argument: string): string => `globalThis[Symbol.for(${JSON.stringify(KEY)})](${argument})`;

/** Is called in the main thread, and makes {@link Evaluation.isFree} and the expression of {@link Evaluation.begin} work. */
export function installEvaluation(shared: Int32Array): void {
  const begin = (isStopped?: boolean): boolean => {
    // If the inspector has interrupted code, that would be terminated too, without what `installUnwind` does before.
    const isFree = isStopped === true || interruptedFiles(begin).length === 0;
    if (isFree && isStopped !== undefined) store(shared, BigInt(isolateAddress() ?? 0));
    return isFree;
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: begin, enumerable: false, configurable: true });
}

function store(shared: Int32Array, address: bigint): void {
  Atomics.store(shared, EVALUATES, Number(BigInt.asIntN(32, address)));
  Atomics.store(shared, EVALUATES + 1, Number(BigInt.asIntN(32, address >> 32n)));
}
