import { inspect } from 'node:util';
import { duringStart, isNbserveError, type ModelNote, noteModel, wantRequests } from '../core/index.js';
import { runInBatches } from './batch.js';
import { ModelDisposed, OutOfMemory, RunFailed } from './errors.js';
import { checkFeeds, describeTensors, toFeeds } from './feeds.js';
import { describeMetadata, type ModelMetadata } from './metadata.js';
import { parseRunOptions, type RunOptions } from './options.js';
import { isOutOfMemory } from './out-of-memory.js';
import type { DeviceReport } from './report.js';
import { StopWatch } from './run-stop.js';
import { plainWords } from './runtime-words.js';
import type { Feeds, ModelSession, OutputTypes, Results, Tensor, TensorInfo } from './types.js';

const NO_STOP = { timeoutMs: undefined };

/** A loaded model. {@link load} makes it. It cannot be sent to another process, so load it in the process that runs it, in a constructor. */
export class Model<O extends OutputTypes = OutputTypes> {
  #session: ModelSession | undefined;
  /** Held here, because the register of models does not keep it. */
  readonly #note: ModelNote;
  readonly #forget: () => void;
  readonly #outputNames: readonly string[];
  readonly inputs: readonly TensorInfo[];

  /** @internal */
  constructor(
    session: ModelSession,
    /** The name of the file, or the option `name`. */
    readonly name: string,
    /** The outputs that {@link run} computes. */
    readonly outputs: readonly TensorInfo[],
    /** For which provider its session was made, and why not for the others. */
    readonly report: DeviceReport,
    /** What the file says about itself: what wrote it, its versions, and its own texts in `properties`. */
    readonly metadata: ModelMetadata,
  ) {
    this.#session = session;
    this.inputs = session.inputs;
    this.#outputNames = outputs.map((output) => output.name);
    // A run in the loop cannot be ended, so it does not need to know its request.
    if (report.canEnd) wantRequests();
    const { requested, device, adapter, failures } = report;
    const shown = adapter === undefined ? device : `${device} (${adapter})`;
    this.#note = () => ({ name, device: shown, requested, place: report.place, failed: failures });
    this.#forget = noteModel(this.#note);
  }

  /** The device for which its session was made. */
  get device(): DeviceReport['device'] {
    return this.report.device;
  }

  /**
   * Runs the model once. By default, {@link load} decides whether that is done beside the event loop or in it, and `report` tells it. Several runs can be in
   * progress beside the loop. A run beside the loop is ended by `signal`, by `timeout`, and in a replica by the end of its request.
   * The inputs are read before this returns, so their arrays can be filled again at once.
   * @param feeds the inputs by name, or a single tensor if the model has one input
   * @returns the outputs by name
   * @throws NBS_ONNX_UNKNOWN_INPUT, NBS_ONNX_MISSING_INPUT, NBS_ONNX_WRONG_TYPE, NBS_ONNX_WRONG_SHAPE, NBS_ONNX_INVALID_TENSOR, NBS_ONNX_RUN_FAILED, NBS_ONNX_OUT_OF_MEMORY, NBS_ONNX_RUN_TIMEOUT, NBS_ONNX_RUN_CANCELLED, NBS_ONNX_DISPOSED, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
   */
  run(feeds: Feeds | Tensor, options?: RunOptions): Promise<Results<O>> {
    return duringStart(`a run of ${this.name}`, () => this.#run(feeds, options));
  }

  async #run(feeds: Feeds | Tensor, options: RunOptions | undefined): Promise<Results<O>> {
    if (this.#session === undefined) throw ModelDisposed({ name: this.name });
    const named = toFeeds(this.inputs, feeds);
    checkFeeds(this.inputs, named);
    const stop = StopWatch.of(this.name, options === undefined ? NO_STOP : parseRunOptions(options));
    try {
      return (await this.#session.run(named, this.#outputNames, stop)) as unknown as Results<O>;
    } catch (error) {
      stop?.throwIfStopped();
      if (isNbserveError(error)) throw error;
      const failure = { name: this.name, device: this.device, reason: plainWords((error as Error).message) };
      throw isOutOfMemory(failure.reason) ? OutOfMemory(failure, error) : RunFailed(failure, error);
    } finally {
      stop?.close();
    }
  }

  /**
   * Runs several feeds as one batch. The feeds are joined along their first dimension, and the outputs are split again.
   * Feeds of a later batch are read when it runs, so they must stay as they are until then.
   * @param options.axes the dimension of the batch of inputs and outputs that have another one, e.g. `{ state: 1, new_state: 1 }` for `[layers, batch, size]`
   * @param options.maxBatchSize the largest number of rows of feeds that are joined; more are run one batch after the other. A single feed with more rows is one run. @default no limit
   * @param options.signal ends the runs, as that of {@link run} does
   * @param options.timeout ends each run that takes longer
   * @returns the outputs of each feed, in the order of the feeds, as single runs would give them
   * @throws NBS_ONNX_CANNOT_BATCH if the model has a fixed first dimension, or if feeds differ in the other dimensions; and what {@link run} throws
   */
  runBatch(
    feeds: readonly (Feeds | Tensor)[],
    options: RunOptions & { readonly maxBatchSize?: number; readonly axes?: Readonly<Record<string, number>> } = {},
  ): Promise<Results<O>[]> {
    const { maxBatchSize = Number.POSITIVE_INFINITY, axes = {}, ...ends } = options;
    return runInBatches(
      { inputs: this.inputs, outputs: this.outputs, run: (each) => this.run(each, ends) },
      feeds.map((each) => toFeeds(this.inputs, each)),
      maxBatchSize,
      axes,
    );
  }

  /** Frees the model's memory, when its runs beside the loop have ended. A second call does nothing; a run after it throws NBS_ONNX_DISPOSED. */
  async dispose(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#forget();
    await session?.release();
  }

  toString(): string {
    const about = describeMetadata(this.metadata);
    const lines = [`inputs  ${describeTensors(this.inputs)}`, `outputs ${describeTensors(this.outputs)}`, this.report.toString()];
    if (about !== '') lines.unshift(about);
    return `Model ${this.name}\n  ${lines.join('\n').replaceAll('\n', '\n  ')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
