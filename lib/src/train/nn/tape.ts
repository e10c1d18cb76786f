import type { Attribute, OnnxNode, Tensor } from '../../onnx/index.js';

/** A value in the graph. Its first dimension is -1 if it is the batch, whose size is known only when the graph runs. */
export interface Value {
  readonly name: string;
  readonly dims: readonly number[];
  /** Whether a parameter influences it. Gradients of other values are not computed. */
  readonly isTrained: boolean;
}

/** How a parameter begins. */
export type Fill =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly std: number };

export interface Declared {
  readonly name: string;
  readonly dims: readonly number[];
  readonly fill: Fill;
}

/** What batch normalisation measures in a batch: outputs of the training graph, from which the running statistics are updated. */
export interface Measured {
  readonly mean: string;
  readonly variance: string;
  readonly runningMean: string;
  readonly runningVariance: string;
  readonly momentum: number;
  /** How many values of one sample a statistic is made of. */
  readonly perSample: number;
}

/** A graph input with random numbers for dropout: 0, or 1 / (1 - p). */
export interface Mask {
  readonly name: string;
  readonly dims: readonly number[];
  readonly p: number;
}

interface Step {
  readonly output: Value;
  readonly inputs: readonly { readonly value: Value; readonly gradient: (dy: string) => string }[];
}

type Attributes = Readonly<Record<string, Attribute>>;

/**
 * Records a forward pass, and then writes the backward pass behind it: the nodes of both are one ONNX graph.
 * Each operation is recorded with a function for each of its inputs, which writes the nodes of that input's gradient.
 */
export class Tape {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Record<string, Tensor> = {};
  readonly parameters: Declared[] = [];
  readonly buffers: Declared[] = [];
  readonly measured: Measured[] = [];
  readonly masks: Mask[] = [];
  readonly #steps: Step[] = [];

  /** @param isTraining whether a backward pass will be written; without one, operations leave out what only that needs */
  constructor(readonly isTraining = true) {}

  /** Adds a node with one output, whose name it returns. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(op, inputs, 1, attributes)[0] as string;
  }

  /** Adds a node with several outputs, whose names it returns. */
  nodeOf(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${op}_${this.nodes.length}_${i}`);
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** Gives a value another name, which makes it an output of the graph. */
  name(value: string, name: string): string {
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [name] });
    return name;
  }

  parameter(name: string, dims: readonly number[], fill: Fill): Value {
    this.parameters.push({ name, dims, fill });
    return { name, dims, isTrained: true };
  }

  /** A value that belongs to the model and is not trained, e.g. a running mean. */
  buffer(name: string, dims: readonly number[], value: number): string {
    this.buffers.push({ name, dims, fill: { kind: 'constant', value } });
    return name;
  }

  float(value: number): string {
    return this.constant(`float_${value}`, { type: 'float32', dims: [], data: Float32Array.of(value) });
  }

  integers(...values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant(`integers_${values.join('_')}`, { type: 'int64', dims: [values.length], data });
  }

  constant(name: string, value: Tensor): string {
    this.constants[name] = value;
    return name;
  }

  /** Records an operation. @param gradients for each input, the function that writes the nodes of its gradient, given the name of the output's gradient */
  record(
    name: string,
    dims: readonly number[],
    inputs: readonly (readonly [value: Value, gradient: (dy: string) => string])[],
  ): Value {
    const trained = inputs.filter(([value]) => value.isTrained);
    const output = { name, dims, isTrained: trained.length > 0 };
    this.#steps.push({ output, inputs: trained.map(([value, gradient]) => ({ value, gradient })) });
    return output;
  }

  /**
   * Writes the backward pass.
   * @param loss the value that it begins with; its own gradient is 1
   * @returns the name of the gradient of each value that has one
   */
  backward(loss: Value): ReadonlyMap<string, string> {
    const gradients = new Map<string, string>([[loss.name, this.float(1)]]);
    for (const { output, inputs } of this.#steps.toReversed()) {
      const dy = gradients.get(output.name);
      if (dy === undefined) continue;
      for (const { value, gradient } of inputs) {
        const own = gradient(dy);
        const others = gradients.get(value.name);
        // A value that is used twice, such as the input of a residual block, gets the sum of both gradients.
        gradients.set(value.name, others === undefined ? own : this.node('Add', [others, own]));
      }
    }
    return gradients;
  }
}
