import type { Attribute, OnnxNode, Tensor } from 'nbserve/onnx';

type Attributes = Readonly<Record<string, Attribute>>;

/** Collects the nodes and weights of a graph. Outputs are named by it; nodes refer to each other by these names. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly weights: Record<string, Tensor> = {};

  /** Adds a node with one output, whose name it returns. @param name the output's name, if it is an output of the graph */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    if (name === undefined) return this.ops(op, inputs, 1, attributes)[0] as string;
    this.nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  /** Adds a node with several outputs, whose names it returns. */
  ops(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${op.toLowerCase()}_${this.nodes.length}_${i}`);
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** Gives a value the name of one of the graph's outputs. */
  output(name: string, value: string): void {
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [name] });
  }

  weight(name: string, dims: readonly number[], data: Float32Array): string {
    this.weights[name] = { type: 'float32', dims, data };
    return name;
  }

  /** A number as a constant. It is stored once. */
  float(value: number): string {
    return this.weight(`float_${value}`, [], Float32Array.of(value));
  }

  /** A list of integers as a constant, such as axes or a shape. It is stored once. */
  integers(...values: readonly number[]): string {
    const name = `integers_${values.join('_')}`;
    this.weights[name] = { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
    return name;
  }

  /** An integer without dimensions as a constant. It is stored once. */
  integer(value: number): string {
    const name = `integer_${value}`;
    this.weights[name] = { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) };
    return name;
  }

  /** `input` as another element type. */
  cast(input: string, to: keyof typeof CAST_TYPES): string {
    return this.op('Cast', [input], { to: CAST_TYPES[to] });
  }
}

/** TensorProto.DataType of onnx.proto. */
const CAST_TYPES = { float32: 1, bool: 9 } as const;
