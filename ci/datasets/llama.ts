import type { TensorInfo } from 'nbserve/onnx';
import { encodeModel } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/assets/errors.js';
import { type Gguf, type GgufTensor, readGguf } from './gguf.js';
import { halvesFirst, type Matrix, parts, readMatrix, readVector, transpose } from './gguf-weights.js';
import { GraphBuilder } from './graph-builder.js';

/** The sizes of a language model of the Llama kind, by the names that GGUF files give them. */
interface Sizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Heads of keys and values. Several heads of queries share one. */
  readonly keyHeads: number;
  readonly headWidth: number;
  readonly hidden: number;
  readonly epsilon: number;
  readonly ropeBase: number;
}

/**
 * Builds an ONNX decoder from the GGUF file of a model of the Llama kind.
 * It has the inputs and outputs that exporters give such models: `input_ids`, `attention_mask`, `position_ids`, and for each layer the keys and values of the
 * tokens before; it computes `logits` and the keys and values with the new tokens.
 * The weights are the values of the GGUF file as float32, so nothing is rounded: codes of 4 bits that ONNX Runtime multiplies without a conversion are slower, or
 * round the activations and answer worse.
 * Attention is made of plain operators, because the fused grouped-query attention gives wrong answers in batches that are padded on the left.
 */
export function buildLlama(file: Uint8Array): Uint8Array {
  const gguf = readGguf(file, 'the GGUF file');
  const sizes = sizesOf(gguf);
  const graph = new GraphBuilder();
  const tensor = (name: string): GgufTensor => {
    const found = gguf.tensors.get(name);
    if (found === undefined)
      throw InvalidData({ source: 'the GGUF file', format: 'a Llama model', reason: `it has no tensor ${name}` });
    return found;
  };
  const embedding = graph.weight('token_embd', ...parts(readMatrix(tensor('token_embd.weight'))));
  const rotation = rotate(graph, sizes);
  const mask = maskOf(graph, sizes);

  let x = graph.op('Gather', [embedding, 'input_ids'], { axis: 0 });
  for (let layer = 0; layer < sizes.layers; layer += 1) {
    const of = (name: string) => tensor(`blk.${layer}.${name}.weight`);
    const linear = (input: string, name: string, matrix = readMatrix(of(name))) => {
      return graph.op('MatMul', [input, graph.weight(`blk.${layer}.${name}`, ...parts(transpose(matrix)))]);
    };
    const norm = (input: string, name: string) => normalize(graph, input, `blk.${layer}.${name}`, readVector(of(name)), sizes);

    const y = norm(x, 'attn_norm');
    const attended = attend(graph, sizes, layer, rotation, mask, {
      queries: linear(y, 'attn_q', halvesFirst(readMatrix(of('attn_q')), sizes.heads)),
      keys: linear(y, 'attn_k', halvesFirst(readMatrix(of('attn_k')), sizes.keyHeads)),
      values: linear(y, 'attn_v'),
    });
    x = graph.op('Add', [x, linear(attended, 'attn_output')]);
    const z = norm(x, 'ffn_norm');
    const gate = linear(z, 'ffn_gate');
    const active = graph.op('Mul', [graph.op('Mul', [gate, graph.op('Sigmoid', [gate])]), linear(z, 'ffn_up')]);
    x = graph.op('Add', [x, linear(active, 'ffn_down')]);
  }
  x = normalize(graph, x, 'output_norm', readVector(tensor('output_norm.weight')), sizes);
  // The embedding of the tokens is also the last layer.
  const rows = graph.op('Gemm', [graph.op('Reshape', [x, graph.integers(-1, sizes.width)]), embedding], { transB: 1 });
  const shape = graph.op('Concat', [graph.op('Shape', ['input_ids']), graph.integers(-1)], { axis: 0 });
  graph.op('Reshape', [rows, shape], {}, 'logits');
  const vocabulary = tensor('token_embd.weight').dims[0] as number;
  return encodeModel({
    name: String(gguf.metadata.get('general.name') ?? 'llama'),
    ...interfaceOf(sizes, vocabulary),
    nodes: graph.nodes,
    weights: graph.weights,
    metadata: {
      licence: String(gguf.metadata.get('general.license') ?? ''),
      source: String(gguf.metadata.get('general.name') ?? ''),
    },
  });
}

function sizesOf({ metadata }: Gguf): Sizes {
  const number = (name: string): number => {
    const value = metadata.get(`llama.${name}`);
    if (typeof value !== 'number')
      throw InvalidData({ source: 'the GGUF file', format: 'a Llama model', reason: `it has no llama.${name}` });
    return value;
  };
  const [width, heads] = [number('embedding_length'), number('attention.head_count')];
  return {
    layers: number('block_count'),
    width,
    heads,
    keyHeads: number('attention.head_count_kv'),
    headWidth: width / heads,
    hidden: number('feed_forward_length'),
    epsilon: number('attention.layer_norm_rms_epsilon'),
    ropeBase: number('rope.freq_base'),
  };
}

/** Root mean square normalization. ONNX Runtime recognizes these operators and runs them as one. */
function normalize(graph: GraphBuilder, x: string, name: string, weight: Matrix, { epsilon }: Sizes): string {
  const squares = graph.op('Pow', [x, graph.float(2)]);
  const mean = graph.op('ReduceMean', [squares], { axes: [-1], keepdims: 1 });
  const root = graph.op('Sqrt', [graph.op('Add', [mean, graph.float(epsilon)])]);
  return graph.op('Mul', [graph.op('Div', [x, root]), graph.weight(name, ...parts(weight))]);
}

interface Rotation {
  readonly cos: string;
  readonly sin: string;
}

/** Cosines and sines of the rotary position embedding (https://arxiv.org/abs/2104.09864), float32[batch, 1, 1, tokens, headWidth]. */
function rotate(graph: GraphBuilder, { headWidth, ropeBase }: Sizes): Rotation {
  const data = Float32Array.from({ length: headWidth / 2 }, (_, i) => 1 / ropeBase ** ((2 * i) / headWidth));
  const frequencies = graph.weight('frequencies', [headWidth / 2], data);
  const positions = graph.op('Unsqueeze', [graph.cast('position_ids', 'float32'), graph.integers(1, 2, 4)]);
  const half = graph.op('Mul', [positions, frequencies]);
  const angles = graph.op('Concat', [half, half], { axis: 4 });
  return { cos: graph.op('Cos', [angles]), sin: graph.op('Sin', [angles]) };
}

interface Mask {
  /** 0 for each pair of a token and an earlier one that is not padding, else a large negative number; float32[batch, 1, 1, tokens, all tokens]. */
  readonly bias: string;
  /** The shape in which the bias is added. */
  readonly five: string;
  /** The shape in which the matrices are multiplied. */
  readonly four: string;
}

function maskOf(graph: GraphBuilder, { heads, keyHeads }: Sizes): Mask {
  const sizeOf = (input: string) => graph.op('Gather', [graph.op('Shape', [input]), graph.integer(1)], { axis: 0 });
  const [all, added] = [sizeOf('attention_mask'), sizeOf('input_ids')];
  const before = graph.op('Sub', [all, added]);
  const keys = graph.op('Range', [graph.integer(0), all, graph.integer(1)]);
  const queries = graph.op('Unsqueeze', [graph.op('Range', [before, all, graph.integer(1)]), graph.integers(1)]);
  const isEarlier = graph.op('LessOrEqual', [keys, queries]);
  const isToken = graph.op('Unsqueeze', [graph.cast('attention_mask', 'bool'), graph.integers(1, 2, 3)]);
  const isSeen = graph.op('And', [isEarlier, isToken]);
  const list = (size: string) => graph.op('Unsqueeze', [size, graph.integers(0)]);
  return {
    bias: graph.op('Where', [isSeen, graph.float(0), graph.float(-1e9)]),
    five: graph.op('Concat', [graph.integers(0, keyHeads, heads / keyHeads), list(added), list(all)], { axis: 0 }),
    four: graph.op('Concat', [graph.integers(0, keyHeads, -1), list(all)], { axis: 0 }),
  };
}

/** The attention of one layer. Queries of the heads that share keys are rows of one matrix, so the keys are not repeated. */
function attend(
  graph: GraphBuilder,
  { heads, keyHeads, headWidth, width }: Sizes,
  layer: number,
  { cos, sin }: Rotation,
  mask: Mask,
  { queries, keys, values }: { readonly queries: string; readonly keys: string; readonly values: string },
): string {
  const shared = heads / keyHeads;
  /** [batch, tokens, heads × headWidth] to [batch, keyHeads, heads of each, tokens, headWidth] */
  const byHead = (x: string, each: number) =>
    graph.op('Transpose', [graph.op('Reshape', [x, graph.integers(0, 0, keyHeads, each, headWidth)])], { perm: [0, 2, 3, 1, 4] });
  const rotated = (x: string) => {
    const halves = graph.ops('Split', [x, graph.integers(headWidth / 2, headWidth / 2)], 2, { axis: 4 }) as [string, string];
    const turned = graph.op('Concat', [graph.op('Neg', [halves[1]]), halves[0]], { axis: 4 });
    return graph.op('Add', [graph.op('Mul', [x, cos]), graph.op('Mul', [turned, sin])]);
  };
  const flat = graph.integers(0, keyHeads, -1, headWidth);
  const joined = (kind: 'key' | 'value', x: string) =>
    graph.op(
      'Concat',
      [`past_key_values.${layer}.${kind}`, graph.op('Reshape', [x, flat])],
      { axis: 2 },
      `present.${layer}.${kind}`,
    );

  const scaled = graph.op('Mul', [rotated(byHead(queries, shared)), graph.float(1 / Math.sqrt(headWidth))]);
  const allKeys = joined('key', rotated(byHead(keys, 1)));
  const allValues = joined('value', byHead(values, 1));
  const scores = graph.op('MatMul', [
    graph.op('Reshape', [scaled, flat]),
    graph.op('Transpose', [allKeys], { perm: [0, 1, 3, 2] }),
  ]);
  const masked = graph.op('Add', [graph.op('Reshape', [scores, mask.five]), mask.bias]);
  const shares = graph.op('Reshape', [graph.op('Softmax', [masked], { axis: -1 }), mask.four]);
  const mixed = graph.op('MatMul', [shares, allValues]);
  const apart = graph.op('Reshape', [mixed, graph.integers(0, keyHeads, shared, -1, headWidth)]);
  return graph.op('Reshape', [graph.op('Transpose', [apart], { perm: [0, 3, 1, 2, 4] }), graph.integers(0, 0, width)]);
}

function interfaceOf({ layers, keyHeads, headWidth }: Sizes, vocabulary: number) {
  const info = (name: string, type: 'int64' | 'float32', shape: readonly (number | string)[]): TensorInfo => ({
    name,
    type,
    shape,
  });
  const cache = (prefix: string, length: string) =>
    Array.from({ length: layers }, (_, layer) =>
      ['key', 'value'].map((kind) => info(`${prefix}.${layer}.${kind}`, 'float32', ['batch_size', keyHeads, length, headWidth])),
    ).flat();
  return {
    inputs: [
      info('input_ids', 'int64', ['batch_size', 'sequence_length']),
      info('attention_mask', 'int64', ['batch_size', 'total_sequence_length']),
      info('position_ids', 'int64', ['batch_size', 'sequence_length']),
      ...cache('past_key_values', 'past_sequence_length'),
    ],
    outputs: [
      info('logits', 'float32', ['batch_size', 'sequence_length', vocabulary]),
      ...cache('present', 'total_sequence_length'),
    ],
  };
}
