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

  /** @returns an expression that the main thread must evaluate before the client's @param isStopped whether its code stands at a breakpoint */
  begin(isStopped: boolean): string {
    this.#isStopped = isStopped;
    return `globalThis[Symbol.for(${JSON.stringify(KEY)})](${isStopped})`;
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

/** Is called in the main thread, and makes the expression of {@link Evaluation.begin} work. */
export function installEvaluation(shared: Int32Array): void {
  const begin = (isStopped: boolean): void => {
    // The inspector has interrupted code, and that would be terminated too, without what `installUnwind` does before.
    if (!isStopped && interruptedFiles(begin).length > 0) return;
    store(shared, BigInt(isolateAddress() ?? 0));
  };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: begin, enumerable: false, configurable: true });
}

function store(shared: Int32Array, address: bigint): void {
  Atomics.store(shared, EVALUATES, Number(BigInt.asIntN(32, address)));
  Atomics.store(shared, EVALUATES + 1, Number(BigInt.asIntN(32, address >> 32n)));
}
