import { noteInputs } from '../broken-run.js';
import { runSlots } from '../slots.js';
import type { Feeds, ModelSession, RunStop, Tensor, TensorInfo } from '../types.js';
import type { Address, Native, NativeApi } from './native.js';
import { fromNative, shapeOf, toNative } from './values.js';

/** The severity of the runtime's messages above which there is none. */
const FATAL = 4;

/** Frees the memory of sessions that user code does not refer to any more, without having called `dispose`. */
const forgotten = new FinalizationRegistry<{ readonly api: NativeApi; readonly session: Address }>(({ api, session }) =>
  api.release.session(session),
);

/** Ends the runs in progress. */
const running = new Set<() => void>();
// Without this, the end of the process would wait for the end of each run, because Node joins the threads of the pool.
process.on('exit', () => {
  for (const end of running) end();
});

type RunArguments = readonly unknown[];

/** The runtime's tensors for the inputs of a run, and the memory that they read. */
export interface Inputs {
  readonly values: BigUint64Array;
  readonly memory: readonly unknown[];
}

/** A session of the C API. Its runs are on threads of libuv's pool, several at the same time, and each of them can be ended. */
export class BesideSession implements ModelSession {
  readonly place = 'beside';
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #api: NativeApi;
  readonly #session: Address;
  readonly #inputNames: Names;
  #lastOutputs: { readonly outputs: readonly string[]; readonly names: Names } | null = null;
  /** Runs that were begun and have not ended. */
  #runs = 0;
  #onIdle: (() => void) | null = null;

  constructor(api: NativeApi, session: Address) {
    this.#api = api;
    this.#session = session;
    const { call } = api;
    this.inputs = tensorInfos(api, session, call.inputCount, call.inputName, call.inputType);
    this.outputs = tensorInfos(api, session, call.outputCount, call.outputName, call.outputType);
    this.#inputNames = api.texts(this.inputs.map(({ name }) => name));
    forgotten.register(this, { api, session }, this);
  }

  /**
   * Runs on another thread.
   * @param stop ends the run: its promise is then rejected with the reason, when the run has ended
   * @param onTime is called with the duration of each run that was not ended
   */
  run(
    feeds: Feeds,
    outputs: readonly string[],
    stop: RunStop | null,
    onTime?: (ms: number) => void,
  ): Promise<Record<string, Tensor>> {
    return this.withCopy(feeds, (inputs) => this.#runOnPool(inputs, outputs, stop, onTime));
  }

  /** Copies the inputs before it returns, because the caller may change them while the work waits. The session lasts until the work has ended. */
  async withCopy<T>(feeds: Feeds, work: (inputs: Inputs) => T | Promise<T>): Promise<T> {
    this.#runs += 1;
    try {
      const inputs = this.#inputsOf(feeds, false);
      try {
        return await work(inputs);
      } catch (error) {
        noteInputs(error, () => this.#feedsOf(inputs));
        throw error;
      } finally {
        free(this.#api, inputs.values);
      }
    } finally {
      this.#runs -= 1;
      if (this.#runs === 0) this.#onIdle?.();
    }
  }

  /** Runs on this thread, which is blocked meanwhile. Nothing ends the run. */
  runHere(feeds: Feeds, outputs: readonly string[]): Record<string, Tensor> {
    const inputs = this.#inputsOf(feeds, true);
    try {
      return this.runCopied(inputs, outputs);
    } catch (error) {
      noteInputs(error, () => this.#feedsOf(inputs));
      throw error;
    } finally {
      free(this.#api, inputs.values);
    }
  }

  /** A copy of the inputs as the run has read them. */
  #feedsOf({ values }: Inputs): Feeds {
    return read(
      this.#api,
      this.inputs.map(({ name }) => name),
      values,
    );
  }

  /** As {@link runHere}, with inputs of {@link withCopy}. */
  runCopied({ values, memory }: Inputs, outputs: readonly string[]): Record<string, Tensor> {
    const api = this.#api;
    const names = this.#outputNames(outputs);
    const found = new BigUint64Array(outputs.length);
    try {
      api.check(api.call.run(this.#session, null, ...this.#arguments(values, names, found)));
      return read(api, outputs, found);
    } finally {
      void memory;
      free(api, found);
    }
  }

  async #runOnPool(
    { values }: Inputs,
    outputs: readonly string[],
    stop: RunStop | null,
    onTime?: (ms: number) => void,
  ): Promise<Record<string, Tensor>> {
    if (!runSlots.tryTake()) await placeFor(stop);
    try {
      return await this.#runInPlace(values, outputs, stop, onTime);
    } finally {
      runSlots.give();
    }
  }

  async #runInPlace(
    values: BigUint64Array,
    outputs: readonly string[],
    stop: RunStop | null,
    onTime?: (ms: number) => void,
  ): Promise<Record<string, Tensor>> {
    const api = this.#api;
    const names = this.#outputNames(outputs);
    const found = new BigUint64Array(outputs.length);
    // Each run has options of its own, because they carry the mark that ends it.
    const options = api.made(api.call.createRunOptions);
    // The exception has what the log of a run would say, and a run that is ended would be in the log as an error.
    api.check(api.call.setRunLogSeverity(options, FATAL));
    const end = (): void => api.check(api.call.terminate(options));
    running.add(end);
    stop?.begin(end);
    const begun = performance.now();
    try {
      await api.beside(api.call.run, this.#session, options, ...this.#arguments(values, names, found));
      onTime?.(performance.now() - begun);
      stop?.throwIfStopped();
      return read(api, outputs, found);
    } catch (error) {
      stop?.throwIfStopped();
      throw error;
    } finally {
      stop?.end();
      running.delete(end);
      api.release.runOptions(options);
      free(api, found);
    }
  }

  #inputsOf(feeds: Feeds, shared: boolean): Inputs {
    const values = new BigUint64Array(this.inputs.length);
    const memory: unknown[] = [];
    try {
      for (const [i, { name }] of this.inputs.entries()) {
        const [value, kept] = toNative(this.#api, feeds[name] as Tensor, shared);
        values[i] = value;
        memory.push(kept);
      }
    } catch (error) {
      free(this.#api, values);
      throw error;
    }
    return { values, memory };
  }

  #arguments(values: BigUint64Array, names: Names, found: BigUint64Array): RunArguments {
    return [this.#inputNames.addresses, values, values.length, names.addresses, found.length, found];
  }

  /** A model computes the same outputs in each run, so the last names are kept. */
  #outputNames(outputs: readonly string[]): Names {
    if (this.#lastOutputs?.outputs !== outputs) this.#lastOutputs = { outputs, names: this.#api.texts(outputs) };
    return this.#lastOutputs.names;
  }

  /** Frees the session's memory, when its runs have ended. */
  async release(): Promise<void> {
    forgotten.unregister(this);
    if (this.#runs > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#api.release.session(this.#session);
  }
}

type Names = ReturnType<NativeApi['texts']>;

/** Waits for a place on the pool. */
function placeFor(stop: RunStop | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = runSlots.wait(() => {
      stop?.end();
      resolve();
    });
    stop?.begin((reason) => {
      leave();
      reject(reason as Error);
    });
  });
}

function read(api: NativeApi, outputs: readonly string[], found: BigUint64Array): Record<string, Tensor> {
  return Object.fromEntries(outputs.map((name, i) => [name, fromNative(api, found[i] as Address)]));
}

function free(api: NativeApi, ...values: readonly BigUint64Array[]): void {
  for (const each of values) for (const value of each) if (value !== 0n) api.release.value(value);
}

function tensorInfos(api: NativeApi, session: Address, count: Native, nameAt: Native, typeAt: Native): TensorInfo[] {
  const { call, release } = api;
  return Array.from({ length: Number(api.made(count, session)) }, (_, i) => {
    const text = api.made(nameAt, session, i, api.allocator);
    const name = api.text(text);
    api.check(call.allocatorFree(api.allocator, text));
    const type = api.made(typeAt, session, i);
    try {
      return { name, ...describeType(api, type) };
    } finally {
      release.typeInfo(type);
    }
  });
}

function describeType(api: NativeApi, type: Address): Pick<TensorInfo, 'type' | 'shape'> {
  // The info belongs to the type. It is null for sequences, maps and optional values.
  const info = api.made(api.call.castToTensorInfo, type);
  if (info === 0n) return { type: undefined, shape: [] };
  const { type: element, dims } = shapeOf(api, info);
  const symbols = new BigUint64Array(dims.length);
  if (dims.length > 0) api.check(api.call.symbolicDimensions(info, symbols, dims.length));
  return { type: element, shape: dims.map((dim, i) => (dim >= 0 ? dim : api.text(symbols[i] as Address))) };
}
