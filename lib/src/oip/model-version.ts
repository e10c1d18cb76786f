import { isNbserveError } from '../core/index.js';
import { checkFeeds, type Feeds, load, type Model, type Results, type Tensor, type TensorInfo, tensor } from '../onnx/index.js';
import { serve } from '../serve/index.js';
import { batchObstacle } from './batch-rule.js';
import { datatypeOf } from './data-types.js';
import { BadInference, CannotCompute } from './errors.js';
import type { InferAnswer, InferRequest } from './infer-request.js';
import { mixingOf } from './mixing.js';
import { type ModelSpec, USUAL_BATCH } from './model-spec.js';
import { Statistics } from './statistics.js';

interface Item {
  readonly feeds: Feeds;
  readonly rows: number;
  computeMs: number;
}

/** One version of a model, loaded. It joins requests that come at the same time into batches. */
export class ModelVersion {
  readonly statistics = new Statistics();
  readonly #model: Model;
  readonly #name: string;
  #maxBatchSize: number;
  /** Why requests are not joined, in words; `null` if they are. */
  #obstacle: string | null;

  private constructor(
    readonly version: string,
    model: Model,
    spec: ModelSpec,
  ) {
    this.#model = model;
    this.#name = spec.name;
    const { maxBatchSize } = spec;
    this.#obstacle = maxBatchSize === 0 ? 'max_batch_size is 0' : batchObstacle(model, maxBatchSize !== null);
    this.#maxBatchSize = this.#obstacle === null ? (maxBatchSize ?? USUAL_BATCH) : 1;
  }

  /** Loads a version and runs it once. @throws as `onnx.load` */
  static async load(spec: ModelSpec, { version, file }: ModelSpec['versions'][number]): Promise<ModelVersion> {
    const model = await load(file, {
      name: spec.name,
      device: spec.device,
      ...spec.load,
      ...(spec.intraOpThreads === 0 ? {} : { intraOpThreads: spec.intraOpThreads }),
    });
    const loaded = new ModelVersion(version, model, spec);
    if (spec.warmup) await loaded.#warmUp();
    loaded.#configure(spec);
    return loaded;
  }

  get inputs(): readonly TensorInfo[] {
    return this.#model.inputs;
  }

  get outputs(): readonly TensorInfo[] {
    return this.#model.outputs;
  }

  /** What the file says about itself, as texts: its own under their names, and what every file has under `onnx.`. */
  get properties(): Readonly<Record<string, string>> {
    const { producer, producerVersion, graphName, domain, version, description, opsets, properties } = this.#model.metadata;
    const facts = {
      'onnx.producer': `${producer} ${producerVersion}`.trim(),
      'onnx.graph': graphName,
      'onnx.domain': domain,
      'onnx.version': version === 0 ? '' : String(version),
      'onnx.description': description,
      'onnx.opsets': Object.entries(opsets)
        .map((entry) => entry.join(' '))
        .join(', '),
    };
    return Object.fromEntries([...Object.entries(facts).filter(([, value]) => value !== ''), ...Object.entries(properties)]);
  }

  /** The largest number of rows of joined requests; 0 if requests are not joined. */
  get maxBatchSize(): number {
    return this.#maxBatchSize > 1 ? this.#maxBatchSize : 0;
  }

  /** Inputs or outputs as the protocol describes them. A free dimension is -1. */
  static describe(infos: readonly TensorInfo[]): object[] {
    return infos.map(({ name, type, shape }) => ({
      name,
      datatype: type === undefined ? 'UNKNOWN' : datatypeOf(type),
      shape: shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : -1)),
    }));
  }

  /** @throws NBS_OIP_BAD_REQUEST, NBS_OIP_CANNOT_COMPUTE, and what `Model.run` throws about inputs */
  async infer(request: Pick<InferRequest, 'feeds' | 'outputs'>): Promise<InferAnswer> {
    const begun = performance.now();
    const names = request.outputs?.map(({ name }) => name) ?? this.outputs.map(({ name }) => name);
    const unknown = names.find((name) => !this.outputs.some((output) => output.name === name));
    if (unknown !== undefined)
      throw BadInference({
        reason: `the model has no output ${unknown}; its outputs are ${this.outputs.map(({ name }) => name).join(', ')}`,
      });
    // A short request could ask for a large output very often.
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) throw BadInference({ reason: `the output ${twice} is asked for twice; each output is sent once` });
    // Inputs that are wrong are refused before they wait for a batch.
    checkFeeds(this.inputs, request.feeds);
    const item: Item = {
      feeds: request.feeds,
      // Without batches, the first dimension may be anything, such as the length of a text, and a request is one inference, as in Triton.
      rows: this.#maxBatchSize > 1 ? rowsOf(request.feeds) : 1,
      computeMs: 0,
    };
    try {
      const results = await this.#runOne(item);
      this.statistics.succeeded(item.rows, performance.now() - begun, item.computeMs);
      return {
        version: this.version,
        outputs: names.map((name) => ({
          name,
          tensor: results[name] as Tensor,
        })),
      };
    } catch (error) {
      this.statistics.failed(performance.now() - begun);
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }

  async #runOne(item: Item): Promise<Results> {
    const [results] = await this.runItems([item] as never);
    return results as Results;
  }

  /** Runs the requests of one batch. Those whose shapes differ in more than the rows are run apart, and one that fails does not fail the others. */
  @serve.batch()
  protected async runItems(items: Item[]): Promise<Results[]> {
    const groups = new Map<string, number[]>();
    items.forEach(({ feeds }, at) => {
      const key = this.#maxBatchSize > 1 ? shapesOf(feeds) : String(at);
      groups.set(key, [...(groups.get(key) ?? []), at]);
    });
    const results = new Array<Results>(items.length);
    for (const places of groups.values()) await this.#runGroup(items, places, results);
    return results;
  }

  async #runGroup(items: readonly Item[], places: readonly number[], results: Results[]): Promise<void> {
    const own = places.map((at) => items[at] as Item);
    const begun = performance.now();
    try {
      const feeds = own.map((item) => item.feeds);
      const found = feeds.length === 1 ? [await this.#model.run(feeds[0] as Feeds)] : await this.#joined(feeds);
      const ms = performance.now() - begun;
      this.statistics.ran(
        own.reduce((sum, { rows }) => sum + rows, 0),
        ms,
      );
      places.forEach((at, i) => {
        results[at] = found[i] as Results;
        (items[at] as Item).computeMs = ms;
      });
    } catch (error) {
      if (own.length > 1) {
        for (const at of places) await this.#runGroup(items, [at], results);
        return;
      }
      results[places[0] as number] = serve.batch.error(toInferError(this.#name, error));
    }
  }

  #joined(feeds: readonly Feeds[]): Promise<Results[]> {
    return this.#model.runBatch(feeds, { maxBatchSize: this.#maxBatchSize });
  }

  #configure({ batchWaitMs }: ModelSpec): void {
    const obstacle = this.#obstacle;
    if (obstacle !== null) this.#maxBatchSize = 1;
    const maxBatchSize = this.#maxBatchSize;
    serve.batch.configure(this, 'runItems', { maxBatchSize, batchWaitTimeout: obstacle === null ? batchWaitMs : 0 });
    const batches = obstacle === null ? `batches of up to ${maxBatchSize} rows` : `no batches: ${obstacle}`;
    console.log(`${this.#name} version ${this.version} is loaded on ${this.#model.device}; ${batches}`);
  }

  /**
   * The first run is slower than the others, so it is done before the replica is ready. Whether it succeeds says nothing about real inputs. If requests are to
   * be joined, a few more runs tell whether the model keeps the rows of a batch apart.
   */
  async #warmUp(): Promise<void> {
    try {
      await this.#model.run(Object.fromEntries(this.inputs.map((info) => [info.name, emptyTensor(info)])));
      if (this.#maxBatchSize > 1) this.#obstacle = await mixingOf(this.#model);
    } catch (error) {
      console.log(`${this.#name} version ${this.version} is not warmed up: ${(error as Error).message}`);
    }
  }
}

/** Zeros, with 1 for each free dimension. */
function emptyTensor({ type, shape }: TensorInfo): Tensor {
  const dims = shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : 1));
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (type === undefined) throw BadInference({ reason: 'it has an input that is not a tensor' });
  const isBig = type === 'int64' || type === 'uint64';
  const zero = type === 'string' ? '' : isBig ? 0n : type === 'bool' ? false : 0;
  return tensor(type, new Array<never>(count).fill(zero as never), dims);
}

const rowsOf = (feeds: Feeds): number => Object.values(feeds)[0]?.dims[0] ?? 1;

const shapesOf = (feeds: Feeds): string =>
  Object.keys(feeds)
    .sort()
    .map((name) => `${name}:${feeds[name]?.dims.slice(1).join()}`)
    .join(';');

/** ONNX Runtime says only in words whether the inputs or something else is the reason that a run failed. */
function toInferError(name: string, error: unknown): unknown {
  if (!isNbserveError(error) || error.code !== 'NBS_ONNX_RUN_FAILED') return error;
  const { reason } = error.details;
  const text = typeof reason === 'string' ? reason : error.message;
  if (/alloc|out of memory|CUDA|device/i.test(text)) return error;
  return CannotCompute({ name, reason: text.slice(0, 500) }, error);
}
