import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { duringStart } from '../core/index.js';
import { type DeviceChoice, load, type Model, type Tensor } from '../onnx/index.js';
import {
  type Classification,
  classesOf,
  embeddingsOf,
  type OutputFacts,
  outputFacts,
  refuseWithoutEmbeddings,
} from './encoder-outputs.js';
import { emptyPrompt, invalidTexts, NotATextModel } from './errors.js';
import { lengthWithin, MOST_CHARACTERS, parseEncoderOptions } from './options.js';
import { readSentenceFiles } from './sentence-files.js';
import { readTextFolder } from './text-folder.js';
import { type TokenBatch, Tokenizer } from './tokenizer.js';

/** Options of {@link loadEncoderModel}. */
export interface EncoderModelOptions {
  /** The model's file in its folder. @default 'onnx/model.onnx' */
  readonly file?: string;
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /** Tokens of a text that are read; the rest is left out. @default `max_seq_length` of sentence_bert_config.json, else what the model was made for, else 512 */
  readonly maxLength?: number;
}

const DEFAULT_LENGTH = 512;

/** Rows × tokens of one run of {@link EncoderModel.embed} and {@link EncoderModel.classify}. A run of a small model then takes some hundred megabytes. */
const MOST_TOKENS = 8192;
/** Texts, and about how many of their characters, that become tokens before other work of the process has its turn. */
const TEXTS_IN_A_TURN = 32;
const CHARACTERS_IN_A_TURN = 16_384;

/** A model that reads whole texts: it makes embeddings of them, or classifies them. {@link loadEncoderModel} makes it. */
export class EncoderModel {
  readonly #model: Model;
  readonly #facts: OutputFacts;

  readonly #maxLength: number;
  readonly #isLowerCase: boolean;

  /** @internal */
  constructor(
    /** The name of its folder. */
    readonly name: string,
    readonly tokenizer: Tokenizer,
    model: Model,
    facts: OutputFacts,
    maxLength: number,
    isLowerCase = false,
  ) {
    this.#maxLength = maxLength;
    this.#isLowerCase = isLowerCase;
    this.#model = model;
    this.#facts = facts;
  }

  /**
   * Runs the model once on all texts. The memory that this takes grows with their number times the length of the longest one.
   * @returns its outputs by name, with one row for each text, and how many tokens the texts have
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID
   */
  async run(texts: readonly string[]): Promise<{ readonly outputs: Readonly<Record<string, Tensor>>; readonly tokens: number }> {
    checkTexts(texts);
    const batch = this.#encode(texts);
    return { outputs: await this.#runBatch(batch), tokens: lengthsOf(batch).reduce((sum, each) => sum + each, 0) };
  }

  /**
   * One vector of length 1 for each text. Texts of a similar meaning have vectors whose product is near 1.
   * It is the model's output `sentence_embedding`. If there is none, it is made of the vectors of the text's tokens, `last_hidden_state` or `token_embeddings`: their
   * mean, or that of the first token if `1_Pooling/config.json` says so.
   * Many texts are read in several runs, so that their number does not decide how much memory a run takes.
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID; NBS_TEXT_MODEL_INVALID if the model makes no embeddings
   */
  async embed(texts: readonly string[]): Promise<{ readonly embeddings: readonly Float32Array[]; readonly tokens: number }> {
    const { rows, tokens } = await this.#inRuns(texts, (outputs, { attention_mask: mask }) =>
      embeddingsOf(this.name, outputs, mask, this.#facts),
    );
    return { embeddings: rows, tokens };
  }

  /** @internal @throws NBS_TEXT_MODEL_INVALID if {@link embed} cannot work */
  checkEmbeds(): void {
    const names = this.#model.outputs.map(({ name }) => name);
    refuseWithoutEmbeddings(this.name, names, this.#facts);
  }

  /**
   * The most likely label of each text. Many texts are read in several runs, as {@link embed} does.
   * The probabilities of the labels add up to 1. If the model has one logit, or `problem_type` of config.json is `multi_label_classification`, each label has a
   * probability of its own instead.
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID; NBS_TEXT_MODEL_INVALID if the model is no classifier
   */
  async classify(texts: readonly string[]): Promise<Classification[]> {
    return (await this.#inRuns(texts, (outputs) => classesOf(this.name, outputs, this.#facts))).rows;
  }

  #encode(texts: readonly string[]): TokenBatch {
    // What is cut in the end need not become tokens first, which takes some microseconds for each character.
    const part = (text: string): string => {
      const own = partOf(text, MOST_CHARACTERS * this.#maxLength, this.tokenizer.cutsLeft);
      return this.#isLowerCase ? own.toLowerCase() : own;
    };
    return this.tokenizer.encodeBatch(texts.map(part), { maxLength: this.#maxLength, side: 'right' });
  }

  async #runBatch(batch: TokenBatch): Promise<Readonly<Record<string, Tensor>>> {
    const given: Readonly<Record<string, Tensor>> = { ...batch };
    const feeds = Object.fromEntries(
      this.#model.inputs.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]])),
    );
    return (await this.#model.run(feeds)) as Readonly<Record<string, Tensor>>;
  }

  /** Runs the model on batches of texts of similar lengths. @returns what `read` makes of the outputs, in the order of the texts */
  async #inRuns<T>(
    texts: readonly string[],
    read: (outputs: Readonly<Record<string, Tensor>>, batch: TokenBatch) => readonly T[],
  ): Promise<{ readonly rows: T[]; readonly tokens: number }> {
    checkTexts(texts);
    const encoded: EncodedText[] = [];
    for (let begin = 0, end = 0; begin < texts.length; begin = end) {
      // To make tokens of many texts takes seconds, in which other requests come in.
      if (begin > 0) await setImmediate();
      for (let characters = 0; end < texts.length && end - begin < TEXTS_IN_A_TURN && characters < CHARACTERS_IN_A_TURN; end += 1)
        characters += (texts[end] as string).length;
      const batch = this.#encode(texts.slice(begin, end));
      encoded.push(...lengthsOf(batch).map((length, row) => ({ batch, row, length, place: begin + row })));
    }
    encoded.sort((a, b) => a.length - b.length);
    const rows: T[] = [];
    for (let begin = 0, end = 1; begin < encoded.length; begin = end, end += 1) {
      while (end < encoded.length && (end + 1 - begin) * (encoded[end] as EncodedText).length <= MOST_TOKENS) end += 1;
      const part = encoded.slice(begin, end);
      const batch = joined(part, BigInt(this.tokenizer.padToken));
      const results = read(await this.#runBatch(batch), batch);
      for (const [i, { place }] of part.entries()) rows[place] = results[i] as T;
    }
    return { rows, tokens: encoded.reduce((sum, { length }) => sum + length, 0) };
  }

  /** Frees the model's memory. */
  dispose(): Promise<void> {
    return this.#model.dispose();
  }

  toString(): string {
    return `EncoderModel ${this.name}\n  up to ${this.#maxLength} tokens of a text\n  ${this.#model.report.toString().replaceAll('\n', '\n  ')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID */
function checkTexts(texts: unknown): void {
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw invalidTexts();
  if (texts.length === 0 || texts.some((text: string) => text.trim() === '')) throw emptyPrompt();
}

/** The first or the last part of a text, with so many characters that are no white space, because tokenizers may drop that. */
function partOf(text: string, most: number, isLast: boolean): string {
  if (text.length <= most) return text;
  let seen = 0;
  for (let i = 0; i < text.length; i += 1) {
    const at = isLast ? text.length - 1 - i : i;
    if (/\S/.test(text[at] as string)) seen += 1;
    if (seen > most) return isLast ? text.slice(at + 1) : text.slice(0, at);
  }
  return text;
}

/** A row of a batch that is filled up on the right. */
interface EncodedText {
  readonly batch: TokenBatch;
  readonly row: number;
  /** Its tokens. */
  readonly length: number;
  /** Which of all texts it is. */
  readonly place: number;
}

/** How many tokens each row has. */
function lengthsOf({ attention_mask: { dims, data } }: TokenBatch): number[] {
  const [rows, length] = dims as [number, number];
  return Array.from({ length: rows }, (_, row) =>
    data.subarray(row * length, (row + 1) * length).reduce((sum, each) => sum + Number(each), 0),
  );
}

/** One batch of texts, of which the last one is the longest. */
function joined(texts: readonly EncodedText[], pad: bigint): TokenBatch {
  const length = (texts.at(-1) as EncodedText).length;
  const join = (name: keyof TokenBatch): Tensor<'int64'> => {
    const data = new BigInt64Array(texts.length * length);
    for (const [i, { batch, row }] of texts.entries()) {
      const { dims, data: all } = batch[name];
      const begin = row * (dims[1] as number);
      // The row of a shorter batch ends before `length`, so the rest is filled up here.
      const own = all.subarray(begin, begin + Math.min(length, dims[1] as number));
      data.set(own, i * length);
      if (name === 'input_ids') data.fill(pad, i * length + own.length, (i + 1) * length);
    }
    return { type: 'int64', dims: [texts.length, length], data };
  };
  return { input_ids: join('input_ids'), attention_mask: join('attention_mask'), token_type_ids: join('token_type_ids') };
}

/**
 * Loads a model that reads whole texts, and its tokenizer, from a folder that is laid out as on the Hugging Face hub: `tokenizer.json`, `tokenizer_config.json`, an
 * ONNX model that takes `input_ids` and `attention_mask`, and for a classifier `config.json` with the labels in `id2label`.
 * For embeddings, it also reads what sentence-transformers writes: `1_Pooling/config.json`, `sentence_bert_config.json` and `modules.json`.
 * If a replica's constructor begins to load one, the replica is ready when the model is loaded.
 * @throws NBS_TEXT_MODEL_NOT_FOUND, NBS_TEXT_MODEL_INVALID, and what `onnx.load` throws
 */
export function loadEncoderModel(folder: string | URL, options: EncoderModelOptions = {}): Promise<EncoderModel> {
  return duringStart(`loadEncoderModel of ${String(folder)}`, async () => {
    const values = parseEncoderOptions(options);
    const files = await readTextFolder(folder, values.file);
    const tokenizer = new Tokenizer(files);
    const sentence = await readSentenceFiles(files.folder);
    const model = await load(files.modelPath, {
      name: files.name,
      ...(values.device === undefined ? {} : { device: values.device }),
      ...(values.intraOpThreads === undefined ? {} : { intraOpThreads: values.intraOpThreads }),
    });
    if (!model.inputs.some(({ name }) => name === 'input_ids')) {
      await model.dispose();
      throw NotATextModel({ folder: files.folder, kind: 'model of texts', reason: 'the model has no input input_ids' });
    }
    // Who asks for a length may read more than sentence-transformers would by itself, up to what the model can.
    const asked = values.maxLength === 0 ? sentence.maxLength : values.maxLength;
    const maxLength = lengthWithin(asked, tokenizer.contextLength, DEFAULT_LENGTH);
    const facts = outputFacts(files.model, sentence.pooling, sentence.steps);
    return new EncoderModel(files.name, tokenizer, model, facts, maxLength, sentence.isLowerCase);
  });
}
