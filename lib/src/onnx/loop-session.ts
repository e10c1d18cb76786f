import { InTurn, inOwnTurn } from '../core/index.js';
import { noteInputs } from './broken-run.js';
import { bitsOf } from './float16.js';
import { loadRuntime, type OrtSession, toRuntime } from './runtime.js';
import type { DataType, Feeds, ModelSession, RunStop, Tensor, TensorInfo } from './types.js';

/**
 * A session of the Node binding. A run blocks the event loop, and nothing ends it. Runs wait for each other: the binding makes all runs that were begun at
 * the same time in one turn of the loop, which would block it for all of them.
 */
export class LoopSession implements ModelSession {
  readonly place = 'loop';
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #session: OrtSession;
  readonly #isProfiled: boolean;
  readonly #runs = new InTurn();

  constructor(session: OrtSession, isProfiled: boolean) {
    this.#isProfiled = isProfiled;
    this.#session = session;
    this.inputs = toInfos(session.inputMetadata);
    this.outputs = toInfos(session.outputMetadata);
  }

  async run(feeds: Feeds, outputs: readonly string[], stop: RunStop | null): Promise<Record<string, Tensor>> {
    const ort = loadRuntime();
    const values: Record<string, unknown> = {};
    for (const { name } of this.inputs) values[name] = toRuntime(ort, feeds[name] as Tensor);
    // The binding waits for its own work by a microtask. If that were lost, no run would ever begin again.
    return this.#runs.run(() => inOwnTurn(() => this.#run(values, outputs, stop)));
  }

  async #run(
    values: Readonly<Record<string, unknown>>,
    outputs: readonly string[],
    stop: RunStop | null,
  ): Promise<Record<string, Tensor>> {
    stop?.throwIfStopped();
    const found = await this.#session.run(values as never, outputs).catch((error: unknown) => {
      noteInputs(error, () => tensorsOf(values, Object.keys(values)));
      throw error;
    });
    return tensorsOf(found, outputs);
  }

  async release(): Promise<void> {
    await this.#runs.ended();
    // This writes the profile, if there is one.
    if (this.#isProfiled) this.#session.endProfiling();
    await this.#session.release();
  }
}

function tensorsOf(values: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(
    names.map((name) => {
      const { type, dims, data } = values[name] as Tensor;
      return [name, { type, dims, data: type === 'float16' ? bitsOf(data) : data } as Tensor];
    }),
  );
}

function toInfos(metadata: OrtSession['inputMetadata']): TensorInfo[] {
  return metadata.map((each) =>
    each.isTensor
      ? { name: each.name, type: each.type as DataType, shape: [...each.shape] }
      : { name: each.name, type: undefined, shape: [] },
  );
}
