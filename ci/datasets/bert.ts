import type { Tensor, TensorInfo } from 'nbserve/onnx';
import { encodeModel } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/assets/errors.js';
import { parts, transpose } from './gguf-weights.js';
import { GraphBuilder } from './graph-builder.js';
import { readSafetensors } from './safetensors.js';

type Floats = Tensor<'float32'>;

/** A linear layer that makes classes of an embedding: float32[classes, width] and float32[classes]. */
export interface Head {
  readonly weight: Floats;
  readonly bias: Floats;
}

/** The width of one attention head, which is the same in all models of the BERT family. The file of weights does not name it. */
const HEAD_WIDTH = 32;
const EPSILON = 1e-12;

/**
 * Builds an ONNX model from the safetensors file of a sentence encoder of the BERT kind, such as all-MiniLM-L6-v2.
 * Inputs: `input_ids`, `attention_mask`, `token_type_ids`, int64[batch_size, sequence_length]. Outputs: `last_hidden_state`, and `sentence_embedding`, which is the mean
 * over the tokens of the text, with the length 1; or `logits`, if a head is given.
 */
export function buildBert(file: Uint8Array, head?: Head): Uint8Array {
  const weights = readSafetensors(file, 'the encoder');
  const tensor = (name: string): Floats => {
    const found = weights[name];
    if (found === undefined)
      throw InvalidData({ source: 'the encoder', format: 'a BERT model', reason: `it has no tensor ${name}` });
    return found;
  };
  const graph = new GraphBuilder();
  const weight = (name: string) => graph.weight(name, ...parts(tensor(name)));
  const linear = (x: string, name: string) => {
    const matrix = graph.weight(`${name}.matrix`, ...parts(transpose(tensor(`${name}.weight`))));
    return graph.op('Add', [graph.op('MatMul', [x, matrix]), weight(`${name}.bias`)]);
  };
  const norm = (x: string, name: string) =>
    graph.op('LayerNormalization', [x, weight(`${name}.weight`), weight(`${name}.bias`)], {
      axis: -1,
      epsilon: { float: EPSILON },
    });
  const width = tensor('embeddings.word_embeddings.weight').dims[1] as number;
  const layers = Object.keys(weights).filter((name) => /^encoder\.layer\.\d+\.output\.dense\.weight$/.test(name)).length;

  const length = graph.op('Gather', [graph.op('Shape', ['input_ids']), graph.integer(1)], { axis: 0 });
  const places = graph.op('Range', [graph.integer(0), length, graph.integer(1)]);
  const embed = (name: string, ids: string) => graph.op('Gather', [weight(`embeddings.${name}.weight`), ids], { axis: 0 });
  const words = graph.op('Add', [embed('word_embeddings', 'input_ids'), embed('token_type_embeddings', 'token_type_ids')]);
  let x = norm(graph.op('Add', [words, embed('position_embeddings', places)]), 'embeddings.LayerNorm');
  const mask = graph.cast('attention_mask', 'float32');
  const padding = graph.op('Sub', [graph.float(1), graph.op('Unsqueeze', [mask, graph.integers(1, 2)])]);
  const bias = graph.op('Mul', [padding, graph.float(-1e9)]);
  const byHead = (t: string, perm: readonly number[]) =>
    graph.op('Transpose', [graph.op('Reshape', [t, graph.integers(0, 0, width / HEAD_WIDTH, HEAD_WIDTH)])], { perm });
  for (let layer = 0; layer < layers; layer += 1) {
    const at = `encoder.layer.${layer}`;
    const queries = byHead(linear(x, `${at}.attention.self.query`), [0, 2, 1, 3]);
    const keys = byHead(linear(x, `${at}.attention.self.key`), [0, 2, 3, 1]);
    const values = byHead(linear(x, `${at}.attention.self.value`), [0, 2, 1, 3]);
    const scores = graph.op('Mul', [graph.op('MatMul', [queries, keys]), graph.float(1 / Math.sqrt(HEAD_WIDTH))]);
    const shares = graph.op('Softmax', [graph.op('Add', [scores, bias])], { axis: -1 });
    const mixed = graph.op('Transpose', [graph.op('MatMul', [shares, values])], { perm: [0, 2, 1, 3] });
    const attended = linear(graph.op('Reshape', [mixed, graph.integers(0, 0, width)]), `${at}.attention.output.dense`);
    x = norm(graph.op('Add', [attended, x]), `${at}.attention.output.LayerNorm`);
    const active = gelu(graph, linear(x, `${at}.intermediate.dense`));
    x = norm(graph.op('Add', [linear(active, `${at}.output.dense`), x]), `${at}.output.LayerNorm`);
  }
  const counted = graph.op('Mul', [x, graph.op('Unsqueeze', [mask, graph.integers(2)])]);
  const sum = graph.op('ReduceSum', [counted, graph.integers(1)], { keepdims: 0 });
  const mean = graph.op('Div', [sum, graph.op('ReduceSum', [mask, graph.integers(1)], { keepdims: 1 })]);
  const norms = graph.op('ReduceL2', [mean], { axes: [1], keepdims: 1 });
  const outputs: TensorInfo[] = [];
  if (head === undefined) {
    graph.op('Identity', [x], {}, 'last_hidden_state');
    graph.op('Div', [mean, norms], {}, 'sentence_embedding');
    outputs.push(
      { name: 'last_hidden_state', type: 'float32', shape: ['batch_size', 'sequence_length', width] },
      { name: 'sentence_embedding', type: 'float32', shape: ['batch_size', width] },
    );
  } else {
    const embedding = graph.op('Div', [mean, norms]);
    const inputs = [
      embedding,
      graph.weight('head.weight', ...parts(head.weight)),
      graph.weight('head.bias', ...parts(head.bias)),
    ];
    graph.op('Gemm', inputs, { transB: 1 }, 'logits');
    outputs.push({ name: 'logits', type: 'float32', shape: ['batch_size', head.bias.dims[0] as number] });
  }
  return encodeModel({
    name: 'bert',
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
      name,
      type: 'int64',
      shape: ['batch_size', 'sequence_length'],
    })),
    outputs,
    nodes: graph.nodes,
    weights: graph.weights,
    metadata: { licence: 'Apache-2.0', source: 'all-MiniLM-L6-v2' },
  });
}

/** The exact form of the activation, with the error function. */
function gelu(graph: GraphBuilder, x: string): string {
  const error = graph.op('Erf', [graph.op('Div', [x, graph.float(Math.SQRT2)])]);
  return graph.op('Mul', [graph.op('Mul', [x, graph.op('Add', [error, graph.float(1)])]), graph.float(0.5)]);
}
