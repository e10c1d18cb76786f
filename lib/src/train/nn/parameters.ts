import type { Tensor } from '../../onnx/index.js';
import { StateMismatch } from './errors.js';
import { Random, seedOf } from './random.js';
import type { Declared } from './tape.js';

/** Tensors by name, in one array, so that an optimizer and an exchange between processes work on the whole at once. */
export class Parameters {
  /** All values, in the order of the names. Write into it; do not replace it. */
  readonly values: Float32Array;
  readonly #tensors: ReadonlyMap<string, Tensor<'float32'>>;

  constructor(declared: readonly Declared[]) {
    const lengths = declared.map(({ dims }) => dims.reduce((product, dim) => product * dim, 1));
    this.values = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    this.#tensors = new Map(
      declared.map(({ name, dims }, i) => {
        const begin = at;
        at += lengths[i] as number;
        return [name, { type: 'float32', dims, data: this.values.subarray(begin, at) }];
      }),
    );
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** The tensors by name. Their data are parts of {@link values}. */
  get tensors(): Readonly<Record<string, Tensor<'float32'>>> {
    return Object.fromEntries(this.#tensors);
  }

  tensor(name: string): Tensor<'float32'> {
    return this.#tensors.get(name) as Tensor<'float32'>;
  }

  /** Sets the values with which a model begins. Each parameter has random numbers of its own, so a new layer does not change those of others. */
  fill(declared: readonly Declared[], seed: number): void {
    for (const [i, { name, fill }] of declared.entries()) {
      const { data } = this.tensor(name);
      const random = new Random(seedOf(seed, i));
      if (fill.kind === 'constant') data.fill(fill.value);
      else if (fill.kind === 'uniform')
        for (let at = 0; at < data.length; at += 1) data[at] = (2 * random.uniform() - 1) * fill.bound;
      else for (let at = 0; at < data.length; at += 1) data[at] = random.normal() * fill.std;
    }
  }

  /** @param source for the message @throws NBS_TRAIN_STATE_MISMATCH if {@link load} could not take these tensors */
  check(source: string, tensors: Readonly<Record<string, Tensor<'float32'>>>): void {
    for (const [name, { dims }] of this.#tensors) {
      const given = tensors[name];
      if (given === undefined) throw StateMismatch({ source, reason: `it has no ${name}` });
      if (String(given.dims) !== String(dims) || given.data.length !== this.tensor(name).data.length)
        throw StateMismatch({ source, reason: `${name} is [${given.dims.join(', ')}] there and [${dims.join(', ')}] here` });
    }
  }

  /** @param source for the message @throws NBS_TRAIN_STATE_MISMATCH, before anything is changed */
  load(source: string, tensors: Readonly<Record<string, Tensor<'float32'>>>): void {
    this.check(source, tensors);
    for (const [name, { data }] of this.#tensors) data.set((tensors[name] as Tensor<'float32'>).data);
  }
}
