import { inspect } from 'node:util';
import { duringStart } from '../core/index.js';
import { runInBatches } from './batch.js';
import { ModelDisposed, RunFailed } from './errors.js';
import { checkFeeds, describeTensors, toFeeds } from './feeds.js';
import { bitsOf } from './float16.js';
import type { DeviceReport } from './report.js';
import { loadRuntime, toRuntime } from './runtime.js';
import type { DataType, Feeds, ModelSession, OutputTypes, Results, Tensor, TensorInfo } from './types.js';

/** A loaded model. {@link load} makes it. It cannot be sent to another process, so load it in the process that runs it, in a constructor. */
export class Model<O extends OutputTypes = OutputTypes> {
  #session: ModelSession | undefined;

  /** @internal */
  constructor(
    session: ModelSession,
    /** The name of the file, or the option `name`. */
    readonly name: string,
    readonly inputs: readonly TensorInfo[],
    /** The outputs that {@link run} computes. */
    readonly outputs: readonly TensorInfo[],
    /** For which provider its session was made, and why not for the others. */
    readonly report: DeviceReport,
  ) {
    this.#session = session;
  }

  /** The device for which its session was made. */
  get device(): DeviceReport['device'] {
    return this.report.device;
  }

  /**
   * Runs the model once. The process's event loop is blocked during the run, and a run cannot be cancelled.
   * @param feeds the inputs by name, or a single tensor if the model has one input
   * @returns the outputs by name
   * @throws NBS_ONNX_UNKNOWN_INPUT, NBS_ONNX_MISSING_INPUT, NBS_ONNX_WRONG_TYPE, NBS_ONNX_WRONG_SHAPE, NBS_ONNX_INVALID_TENSOR, NBS_ONNX_RUN_FAILED, NBS_ONNX_DISPOSED
   */
  run(feeds: Feeds | Tensor): Promise<Results<O>> {
    return duringStart(`a run of ${this.name}`, () => this.#run(feeds));
  }

  async #run(feeds: Feeds | Tensor): Promise<Results<O>> {
    if (this.#session === undefined) throw ModelDisposed({ name: this.name });
    const named = toFeeds(this.inputs, feeds);
    checkFeeds(this.inputs, named);
    const ort = loadRuntime();
    const values: Record<string, unknown> = {};
    for (const { name } of this.inputs) values[name] = toRuntime(ort, named[name] as Tensor);
    const names = this.outputs.map((output) => output.name);
    try {
      const found = await this.#session.run(values, names);
      return Object.fromEntries(
        names.map((name) => {
          const { type, dims, data } = found[name] as { type: DataType; dims: readonly number[]; data: unknown };
          return [name, { type, dims, data: type === 'float16' ? bitsOf(data) : data }];
        }),
      ) as unknown as Results<O>;
    } catch (error) {
      throw RunFailed({ name: this.name, device: this.device, reason: (error as Error).message }, error);
    }
  }

  /**
   * Runs several feeds as one batch. The feeds are joined along their first dimension, and the outputs are split again.
   * @param options.maxBatchSize the largest number of rows in one run; more rows are run one batch after the other. @default no limit
   * @returns the outputs of each feed, in the order of the feeds, as single runs would give them
   * @throws NBS_ONNX_CANNOT_BATCH if the model has a fixed first dimension, or if feeds differ in the other dimensions; and what {@link run} throws
   */
  runBatch(feeds: readonly (Feeds | Tensor)[], options: { readonly maxBatchSize?: number } = {}): Promise<Results<O>[]> {
    return runInBatches(
      this,
      feeds.map((each) => toFeeds(this.inputs, each)),
      options.maxBatchSize ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Frees the model's memory. A second call does nothing; a run after it throws NBS_ONNX_DISPOSED. */
  async dispose(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  toString(): string {
    return `Model ${this.name}\n  inputs  ${describeTensors(this.inputs)}\n  outputs ${describeTensors(this.outputs)}\n  ${this.report.toString().replaceAll('\n', '\n  ')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
