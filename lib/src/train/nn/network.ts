import {
  type DeviceChoice,
  decodeWeights,
  encodeModel,
  load,
  type Model,
  type Tensor,
  type TensorInfo,
} from '../../onnx/index.js';
import { buildLayer, type Mode } from './build.js';
import { BatchMismatch, LossNotFinite } from './errors.js';
import type { Layer } from './layers.js';
import { crossEntropy, meanSquaredError } from './operations.js';
import { Parameters } from './parameters.js';
import { Random, seedOf } from './random.js';
import { Tape, type Value } from './tape.js';

/** 'crossEntropy' for classes: the labels are int32[n]. 'meanSquaredError' for numbers: the targets are float32 with the dimensions of the output. */
export type Loss = 'crossEntropy' | 'meanSquaredError';

export interface NetworkOptions {
  /** Dimensions of one sample, without the batch, e.g. `[1, 28, 28]`. */
  readonly inputShape: readonly number[];
  /** @default 'crossEntropy' */
  readonly loss?: Loss;
  /** The same seed gives the same first weights and the same dropout. @default 0 */
  readonly seed?: number;
  /** The device on which ONNX Runtime runs it. @default 'auto' */
  readonly device?: DeviceChoice;
  /** Threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly threads?: number;
  /** Name of the input in the ONNX model. @default 'image' for pictures, else 'input' */
  readonly inputName?: string;
  /** Name of the output in the ONNX model. @default 'logits' with crossEntropy, else 'output' */
  readonly outputName?: string;
}

/** Targets of a batch: labels, or numbers. */
export type Target = Tensor<'int32'> | Tensor<'float32'>;

/** Averages the gradients of several processes. It is called with all gradients of one step, and replaces each number by its mean. */
export type Average = (values: Float32Array) => Promise<void>;

/**
 * A network in training. One run of an ONNX graph computes the forward pass, the loss and the backward pass; an optimizer then changes {@link parameters}.
 */
export class Network {
  /** The weights, by the names that PyTorch would give them. */
  readonly parameters: Parameters;
  /** The gradients of the last {@link backward}, in the order of the parameters. */
  readonly gradients: Parameters;
  /** Running statistics of batch normalisation. */
  readonly buffers: Parameters;
  /** How many batches {@link backward} has seen. The random numbers of dropout depend on it. */
  step = 0;
  readonly #layer: Layer;
  readonly #options: Required<Omit<NetworkOptions, 'device' | 'threads'>> & Pick<NetworkOptions, 'device' | 'threads'>;
  readonly #training: Tape;
  readonly #output: Value;
  readonly #scratch: Float32Array;
  readonly #sessions = new Map<Mode, Promise<Model>>();
  #average: Average | undefined;
  #rank = 0;

  /** @throws NBS_TRAIN_LAYER_MISMATCH if a layer does not fit the one before it */
  constructor(layer: Layer, options: NetworkOptions) {
    const loss = options.loss ?? 'crossEntropy';
    this.#layer = layer;
    this.#options = {
      ...options,
      loss,
      seed: options.seed ?? 0,
      inputName: options.inputName ?? (options.inputShape.length === 3 ? 'image' : 'input'),
      outputName: options.outputName ?? (loss === 'crossEntropy' ? 'logits' : 'output'),
    };
    const { tape, output } = this.#build('train');
    this.#training = tape;
    this.#output = output;
    if (loss === 'crossEntropy' && output.dims.length !== 2)
      throw BatchMismatch({
        part: 'output',
        expected: '[n, classes] for crossEntropy',
        actual: `[n, ${output.dims.slice(1).join(', ')}]`,
      });
    this.parameters = new Parameters(tape.parameters);
    this.gradients = new Parameters(tape.parameters);
    this.buffers = new Parameters(tape.buffers);
    this.parameters.fill(tape.parameters, this.#options.seed);
    this.buffers.fill(tape.buffers, 0);
    const measured = tape.measured.reduce((sum, { runningMean }) => sum + 2 * this.buffers.tensor(runningMean).data.length, 0);
    this.#scratch = new Float32Array(1 + this.gradients.values.length + measured);
  }

  /** Dimensions of one sample, without the batch. */
  get inputShape(): readonly number[] {
    return this.#options.inputShape;
  }

  /** Makes this network one of several that are trained as one. `train.prepareModel` calls it. @param rank number of this process, which gives it dropout of its own */
  distribute(rank: number, average: Average): void {
    [this.#rank, this.#average] = [rank, average];
  }

  /**
   * Forward pass, loss and backward pass of one batch. The gradients replace those of the batch before.
   * If several processes train it, gradients, loss and statistics are the means over all of them.
   * If the loss is not finite, the gradients and the running statistics stay as they were.
   * @param x float32[n, …inputShape]
   * @param y int32[n] with labels, or float32 with the dimensions of the output
   * @returns the mean loss of the batch
   * @throws NBS_TRAIN_BATCH_MISMATCH, NBS_TRAIN_LOSS_NOT_FINITE, and what `onnx.load` and a run throw
   */
  async backward(x: Tensor<'float32'>, y: Target): Promise<number> {
    const size = this.#checkBatch(x, y);
    const model = await this.#session('train');
    const { inputName } = this.#options;
    const found = await model.run({ [inputName]: x, target: y, ...this.parameters.tensors, ...this.#masks(size) });
    const values = this.#scratch;
    let at = 0;
    const take = (name: string) => {
      const { data } = found[name] as Tensor<'float32'>;
      values.set(data, at);
      at += data.length;
    };
    take('loss');
    for (const name of this.parameters.names) take(`gradient:${name}`);
    for (const i of this.#training.measured.keys()) for (const kind of ['mean', 'variance']) take(`${kind}:${i}`);
    await this.#average?.(values);
    this.step += 1;
    const loss = values[0] as number;
    // One NaN would stay in the running statistics for ever.
    if (!Number.isFinite(loss)) throw LossNotFinite({ loss, step: this.step });
    this.gradients.values.set(values.subarray(1, 1 + this.gradients.values.length));
    this.#updateStatistics(values.subarray(1 + this.gradients.values.length), size);
    return loss;
  }

  /** The output for a batch, as a model computes it that is not in training. @param x float32[n, …inputShape] */
  async predict(x: Tensor<'float32'>): Promise<Tensor<'float32'>> {
    this.#checkInput(x);
    const model = await this.#session('eval');
    const { inputName, outputName } = this.#options;
    const found = await model.run({ [inputName]: x, ...this.parameters.tensors, ...this.buffers.tensors });
    return found[outputName] as Tensor<'float32'>;
  }

  /** The share of labels that are the most probable class. */
  async accuracy(batches: Iterable<readonly [x: Tensor<'float32'>, labels: Target]>): Promise<number> {
    let [right, count] = [0, 0];
    for (const [x, { data: labels }] of batches) {
      const { data, dims } = await this.predict(x);
      const classes = dims[1] as number;
      for (let i = 0; i < labels.length; i += 1) {
        const row = data.subarray(i * classes, (i + 1) * classes);
        if (row.indexOf(Math.max(...row)) === labels[i]) right += 1;
      }
      count += labels.length;
    }
    return right / count;
  }

  /** The model as an `.onnx` file, which `onnx.load` reads. @param metadata texts that are stored in the file */
  toOnnx(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const { tape, output } = this.#build('eval');
    const { outputName } = this.#options;
    tape.name(output.name, outputName);
    const weights = { ...tape.constants, ...this.parameters.tensors, ...this.buffers.tensors };
    const outputs = [{ name: outputName, type: 'float32', shape: shapeOf(output.dims) }] as const;
    return encodeModel({ name: 'network', inputs: [this.#input()], outputs, nodes: tape.nodes, weights, metadata });
  }

  /** Takes the weights from a file of {@link toOnnx}. @throws NBS_ONNX_INVALID_MODEL, NBS_TRAIN_STATE_MISMATCH, before anything is changed */
  fromOnnx(bytes: Uint8Array, source = 'the model'): void {
    const { weights } = decodeWeights(bytes);
    for (const each of [this.parameters, this.buffers]) each.check(source, weights);
    this.parameters.load(source, weights);
    this.buffers.load(source, weights);
  }

  /** Frees the memory of ONNX Runtime. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    // One that could not be loaded has nothing to free.
    await Promise.all(
      sessions.map((session) =>
        session.then(
          (model) => model.dispose(),
          () => {},
        ),
      ),
    );
  }

  #build(mode: Mode): { tape: Tape; output: Value } {
    const tape = new Tape(mode === 'train');
    const { inputName, inputShape } = this.#options;
    const output = buildLayer(tape, this.#layer, { name: inputName, dims: [-1, ...inputShape], isTrained: false }, '', mode);
    return { tape, output };
  }

  #input(): TensorInfo {
    return { name: this.#options.inputName, type: 'float32', shape: ['batch_size', ...this.#options.inputShape] };
  }

  #session(mode: Mode): Promise<Model> {
    let session = this.#sessions.get(mode);
    if (session === undefined) {
      const bytes = mode === 'train' ? this.#trainingModel() : this.#evaluationModel();
      const { device, threads } = this.#options;
      session = load(bytes, {
        name: `the network's ${mode === 'train' ? 'training' : 'evaluation'} graph`,
        ...(device !== undefined && { device }),
        ...(threads !== undefined && { intraOpThreads: threads }),
        // Nothing else happens in a training's process, and the weights need not be copied for another thread.
        runIn: 'loop',
        logLevel: 'error',
      });
      const loading = session;
      this.#sessions.set(mode, loading);
      // The next batch tries again.
      loading.catch(() => {
        if (this.#sessions.get(mode) === loading) this.#sessions.delete(mode);
      });
    }
    return session;
  }

  #trainingModel(): Uint8Array {
    const { tape, output } = this.#build('train');
    const loss =
      this.#options.loss === 'crossEntropy' ? crossEntropy(tape, output, 'target') : meanSquaredError(tape, output, 'target');
    tape.name(loss.name, 'loss');
    const gradients = tape.backward(loss);
    const outputs: TensorInfo[] = [{ name: 'loss', type: 'float32', shape: [] }];
    for (const { name, dims } of tape.parameters) {
      outputs.push({ name: tape.name(gradients.get(name) as string, `gradient:${name}`), type: 'float32', shape: dims });
    }
    for (const [i, { mean, variance }] of tape.measured.entries()) {
      for (const [kind, value] of Object.entries({ mean, variance }))
        outputs.push({ name: tape.name(value, `${kind}:${i}`), type: 'float32', shape: ['channels'] });
    }
    const target: TensorInfo =
      this.#options.loss === 'crossEntropy'
        ? { name: 'target', type: 'int32', shape: ['batch_size'] }
        : { name: 'target', type: 'float32', shape: shapeOf(output.dims) };
    const masks = tape.masks.map(({ name, dims }): TensorInfo => ({ name, type: 'float32', shape: ['batch_size', ...dims] }));
    const inputs = [this.#input(), target, ...tape.parameters.map(infoOf), ...masks];
    return encodeModel({ name: 'training', inputs, outputs, nodes: tape.nodes, weights: tape.constants });
  }

  #evaluationModel(): Uint8Array {
    const { tape, output } = this.#build('eval');
    const { outputName } = this.#options;
    tape.name(output.name, outputName);
    return encodeModel({
      name: 'evaluation',
      inputs: [this.#input(), ...[...tape.parameters, ...tape.buffers].map(infoOf)],
      outputs: [{ name: outputName, type: 'float32', shape: shapeOf(output.dims) }],
      nodes: tape.nodes,
      weights: tape.constants,
    });
  }

  #masks(size: number): Record<string, Tensor<'float32'>> {
    return Object.fromEntries(
      this.#training.masks.map(({ name, dims, p }, i) => {
        const random = new Random(seedOf(this.#options.seed, this.step, this.#rank, i, 0xd809));
        const data = new Float32Array(dims.reduce((product, dim) => product * dim, size));
        for (let at = 0; at < data.length; at += 1) data[at] = random.uniform() < p ? 0 : 1 / (1 - p);
        return [name, { type: 'float32', dims: [size, ...dims], data }];
      }),
    );
  }

  #updateStatistics(values: Float32Array, size: number): void {
    let at = 0;
    for (const { runningMean, runningVariance, momentum, perSample } of this.#training.measured) {
      const count = size * perSample;
      // PyTorch's running variance is the unbiased one.
      for (const [name, factor] of [
        [runningMean, 1],
        [runningVariance, count > 1 ? count / (count - 1) : 1],
      ] as const) {
        const { data } = this.buffers.tensor(name);
        for (let i = 0; i < data.length; i += 1, at += 1)
          data[i] = (1 - momentum) * (data[i] as number) + momentum * factor * (values[at] as number);
      }
    }
  }

  #checkInput(x: Tensor<'float32'>): number {
    const [size = 0, ...dims] = x.dims;
    const { inputShape } = this.#options;
    if (x.type !== 'float32' || String(dims) !== String(inputShape) || size < 1)
      throw BatchMismatch({
        part: 'input',
        expected: `float32[n, ${inputShape.join(', ')}]`,
        actual: `${x.type}[${x.dims.join(', ')}]`,
      });
    return size;
  }

  #checkBatch(x: Tensor<'float32'>, y: Target): number {
    const size = this.#checkInput(x);
    const isClasses = this.#options.loss === 'crossEntropy';
    const [type, dims] = isClasses ? ['int32', [size]] : ['float32', [size, ...this.#output.dims.slice(1)]];
    // PyTorch refuses it too. The output would be the shift whatever the input is, and the running variance would shrink.
    if (this.#training.measured.some(({ perSample }) => size * perSample < 2))
      throw BatchMismatch({
        part: 'input',
        expected:
          'of two samples at least, because a batchNorm2d measures one value for each channel of a sample (a data loader leaves out a small last batch with dropLast: true)',
        actual: `[${x.dims.join(', ')}]`,
      });
    if (y.type !== type || String(y.dims) !== String(dims))
      throw BatchMismatch({ part: 'target', expected: `${type}[${dims.join(', ')}]`, actual: `${y.type}[${y.dims.join(', ')}]` });
    const classes = this.#output.dims[1] as number;
    const wrong = isClasses ? (y.data as Int32Array).find((label) => label < 0 || label >= classes) : undefined;
    if (wrong !== undefined) throw BatchMismatch({ part: 'labels', expected: `from 0 to ${classes - 1}`, actual: wrong });
    return size;
  }
}

const infoOf = ({ name, dims }: { name: string; dims: readonly number[] }): TensorInfo => ({
  name,
  type: 'float32',
  shape: dims,
});
const shapeOf = (dims: readonly number[]): (number | string)[] => dims.map((dim) => (dim === -1 ? 'batch_size' : dim));
