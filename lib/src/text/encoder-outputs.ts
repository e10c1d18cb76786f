import { fromFloat16, softmax, type Tensor } from '../onnx/index.js';
import { NotATextModel } from './errors.js';

/** What a classifier says about a text. */
export interface Classification {
  readonly label: string;
  /** The probability of the label, 0 to 1. */
  readonly score: number;
}

/** What the files of a model say about its outputs. */
export interface OutputFacts {
  /** The labels of a classifier in the order of its logits; none if its files do not name them. */
  readonly labels: readonly string[];
  /** `problem_type` of config.json. */
  readonly problem: unknown;
  /** How the vectors of tokens become one of the text, by the names of sentence-transformers. */
  readonly pooling: string;
  /** Further steps of sentence-transformers that change the vectors. */
  readonly steps: readonly string[];
}

type Outputs = Readonly<Record<string, Tensor>>;
type Json = Readonly<Record<string, unknown>>;

/** The output with one vector for each text. */
const OF_TEXTS = 'sentence_embedding';
/** The outputs with one vector for each token. */
const OF_TOKENS = ['last_hidden_state', 'token_embeddings'];
const MEAN = 'mean_tokens';
const FIRST = 'cls_token';

/**
 * @param model the content of config.json
 * @param pooling that of 1_Pooling/config.json, which sentence-transformers writes
 * @param steps the types in its modules.json that change the vectors
 */
export function outputFacts(model: Json, pooling: Json, steps: readonly string[] = []): OutputFacts {
  const labels = Object.entries((model.id2label ?? {}) as Readonly<Record<string, string>>)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
  const modes = Object.keys(pooling).filter((key) => key.startsWith('pooling_mode_') && pooling[key] === true);
  const named = modes.map((key) => key.slice('pooling_mode_'.length)).join(' and ');
  return { labels, problem: model.problem_type, pooling: named === '' ? MEAN : named, steps };
}

/** @param names those of the model's outputs @throws NBS_TEXT_MODEL_INVALID if it makes no embeddings */
export function refuseWithoutEmbeddings(folder: string, names: readonly string[], { pooling, steps }: OutputFacts): void {
  if (names.includes(OF_TEXTS)) return;
  const fail = (reason: string) => NotATextModel({ folder, kind: 'model of embeddings', reason });
  if (!OF_TOKENS.some((name) => names.includes(name)))
    throw fail(
      `its outputs are ${names.join(', ')}, and it needs ${OF_TEXTS} or ${OF_TOKENS.join(' or ')}, as an export for the task feature-extraction has them`,
    );
  if (steps.length > 0)
    throw fail(
      `its modules.json asks for ${steps.join(' and ')} after the model, which changes the vectors; a model with ${OF_TEXTS} can be used`,
    );
  if (pooling !== MEAN && pooling !== FIRST)
    throw fail(`its 1_Pooling/config.json asks for ${pooling}; ${MEAN} and ${FIRST} can be used, or a model with ${OF_TEXTS}`);
}

/** One vector of length 1 for each text. @param mask which tokens are those of a text @throws NBS_TEXT_MODEL_INVALID */
export function embeddingsOf(folder: string, outputs: Outputs, mask: Tensor<'int64'>, facts: OutputFacts): Float32Array[] {
  refuseWithoutEmbeddings(folder, Object.keys(outputs), facts);
  const name = [OF_TEXTS, ...OF_TOKENS].find((each) => outputs[each] !== undefined) as string;
  const output = outputs[name] as Tensor;
  const [rows, tokens] = mask.dims as [number, number];
  const shape = name === OF_TEXTS ? [rows] : [rows, tokens];
  const width = output.dims[shape.length];
  if (width === undefined || output.dims.length > shape.length + 1 || shape.some((size, at) => output.dims[at] !== size)) {
    const reason = `its output ${name} has the shape [${output.dims.join(', ')}] for ${rows} texts of ${tokens} tokens`;
    throw NotATextModel({ folder, kind: 'model of embeddings', reason });
  }
  const values = floatsOf(output);
  return Array.from({ length: rows }, (_, row) => {
    if (name === OF_TEXTS) return normalised(values.subarray(row * width, (row + 1) * width));
    const own = values.subarray(row * tokens * width, (row + 1) * tokens * width);
    const counts = mask.data.subarray(row * tokens, (row + 1) * tokens);
    return normalised(facts.pooling === FIRST ? own.subarray(0, width) : summed(own, counts, width));
  });
}

/** The sum of the vectors of a text's tokens. It has the direction of their mean. */
function summed(values: Float32Array, counts: BigInt64Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (const [token, counted] of counts.entries()) {
    if (counted === 0n) continue;
    for (let i = 0; i < width; i += 1) sum[i] = (sum[i] as number) + (values[token * width + i] as number);
  }
  return sum;
}

function normalised(vector: ArrayLike<number>): Float32Array {
  const length = Math.sqrt(Array.from(vector, (value) => value * value).reduce((sum, square) => sum + square, 0));
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

/**
 * The most likely label of each text. If a text may have several labels, each has a probability of its own.
 * @throws NBS_TEXT_MODEL_INVALID
 */
export function classesOf(folder: string, { logits }: Outputs, { labels, problem }: OutputFacts): Classification[] {
  const fail = (reason: string) => NotATextModel({ folder, kind: 'classifier', reason });
  if (logits === undefined) throw fail('it has no output logits');
  if (problem === 'regression') throw fail('its config.json says that its output is a number (regression) and no label; use run');
  const [rows = 0, width = 0] = logits.dims;
  if (logits.dims.length !== 2 || width === 0)
    throw fail(`its logits have the shape [${logits.dims.join(', ')}], and those of a classifier are one row for each text`);
  if (width === 1 && labels.length > 1)
    throw fail(`it has one logit, and its config.json names ${labels.length} labels, so nobody knows which of them it is for`);
  const isAlone = width === 1 || problem === 'multi_label_classification';
  const all = isAlone ? floatsOf(logits).map((logit) => 1 / (1 + Math.exp(-logit))) : softmax(logits).data;
  return Array.from({ length: rows }, (_, row) => {
    const scores = all.subarray(row * width, (row + 1) * width);
    const best = scores.indexOf(Math.max(...scores));
    return { label: labels[best] ?? `LABEL_${best}`, score: scores[best] as number };
  });
}

const floatsOf = ({ type, data }: Tensor): Float32Array =>
  type === 'float16'
    ? fromFloat16(data as Uint16Array)
    : type === 'float32'
      ? (data as Float32Array)
      : Float32Array.from(data as Float64Array);
