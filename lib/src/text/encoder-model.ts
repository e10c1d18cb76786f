import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { duringStart } from '../core/index.js';
import { type DeviceChoice, load, type Model, softmax, type Tensor, unstack } from '../onnx/index.js';
import { emptyPrompt, invalidTexts, NotATextModel } from './errors.js';
import { parseEncoderOptions } from './options.js';
import { readTextFolder } from './text-folder.js';
import { Tokenizer } from './tokenizer.js';

/** Options of {@link loadEncoderModel}. */
export interface EncoderModelOptions {
  /** The model's file in its folder. @default 'onnx/model.onnx' */
  readonly file?: string;
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /** Tokens of a text that are read; the rest is left out. @default what the model was made for, else 512 */
  readonly maxLength?: number;
}

/** What a classifier says about a text. */
export interface Classification {
  readonly label: string;
  /** The probability of the label, 0 to 1. */
  readonly score: number;
}

const DEFAULT_LENGTH = 512;

/** A model that reads whole texts: it makes embeddings of them, or classifies them. {@link loadEncoderModel} makes it. */
export class EncoderModel {
  readonly #model: Model;
  readonly #labels: readonly string[];

  /** @internal */
  constructor(
    /** The name of its folder. */
    readonly name: string,
    readonly tokenizer: Tokenizer,
    model: Model,
    labels: readonly string[],
    private readonly maxLength: number,
  ) {
    this.#model = model;
    this.#labels = labels;
  }

  /**
   * Runs the model on a batch of texts.
   * @returns its outputs by name, with one row for each text, and how many tokens the texts have
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID
   */
  async run(texts: readonly string[]): Promise<{ readonly outputs: Readonly<Record<string, Tensor>>; readonly tokens: number }> {
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw invalidTexts();
    if (texts.length === 0 || texts.some((text) => text.trim() === '')) throw emptyPrompt();
    const given: Readonly<Record<string, Tensor>> = {
      ...this.tokenizer.encodeBatch(texts, { maxLength: this.maxLength, side: 'right' }),
    };
    const feeds = Object.fromEntries(
      this.#model.inputs.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]])),
    );
    const outputs = (await this.#model.run(feeds)) as Readonly<Record<string, Tensor>>;
    const mask = given.attention_mask?.data as BigInt64Array;
    return { outputs, tokens: mask.reduce((sum, each) => sum + Number(each), 0) };
  }

  /**
   * One vector of length 1 for each text. Texts of a similar meaning have vectors whose product is near 1.
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID; NBS_TEXT_MODEL_INVALID if the model makes no embeddings
   */
  async embed(texts: readonly string[]): Promise<{ readonly embeddings: readonly Float32Array[]; readonly tokens: number }> {
    const { outputs, tokens } = await this.run(texts);
    const { sentence_embedding: rows } = outputs;
    if (rows === undefined)
      throw NotATextModel({ folder: this.name, kind: 'model of embeddings', reason: 'it has no output sentence_embedding' });
    return { embeddings: unstack(rows).map(({ data }) => new Float32Array(data as Float32Array)), tokens };
  }

  /**
   * The most likely label of each text.
   * @throws NBS_PROMPT_EMPTY, NBS_TEXTS_INVALID; NBS_TEXT_MODEL_INVALID if the model is no classifier
   */
  async classify(texts: readonly string[]): Promise<Classification[]> {
    const { outputs } = await this.run(texts);
    const { logits } = outputs;
    if (logits === undefined) throw NotATextModel({ folder: this.name, kind: 'classifier', reason: 'it has no output logits' });
    return unstack(softmax(logits as Tensor<'float32'>)).map(({ data }) => {
      const scores = [...(data as Float32Array)];
      const best = scores.indexOf(Math.max(...scores));
      return { label: this.#labels[best] ?? `LABEL_${best}`, score: scores[best] as number };
    });
  }

  /** Frees the model's memory. */
  dispose(): Promise<void> {
    return this.#model.dispose();
  }

  toString(): string {
    return `EncoderModel ${this.name}\n  up to ${this.maxLength} tokens of a text\n  ${this.#model.report.toString().replaceAll('\n', '\n  ')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Loads a model that reads whole texts, and its tokenizer, from a folder that is laid out as on the Hugging Face hub: `tokenizer.json`, `tokenizer_config.json`, an
 * ONNX model that takes `input_ids` and `attention_mask`, and for a classifier `config.json` with the labels in `id2label`.
 * If a replica's constructor begins to load one, the replica is ready when the model is loaded.
 * @throws NBS_TEXT_MODEL_NOT_FOUND, NBS_TEXT_MODEL_INVALID, and what `onnx.load` throws
 */
export function loadEncoderModel(folder: string | URL, options: EncoderModelOptions = {}): Promise<EncoderModel> {
  return duringStart(`loadEncoderModel of ${String(folder)}`, async () => {
    const values = parseEncoderOptions(options);
    const files = await readTextFolder(folder, values.file);
    const tokenizer = new Tokenizer(files);
    const labels = await labelsOf(join(files.folder, 'config.json'));
    const model = await load(files.modelPath, {
      name: files.name,
      ...(values.device === undefined ? {} : { device: values.device }),
      ...(values.intraOpThreads === undefined ? {} : { intraOpThreads: values.intraOpThreads }),
    });
    if (!model.inputs.some(({ name }) => name === 'input_ids')) {
      await model.dispose();
      throw NotATextModel({ folder: files.folder, kind: 'model of texts', reason: 'the model has no input input_ids' });
    }
    const maxLength = Math.min(values.maxLength || Number.POSITIVE_INFINITY, tokenizer.contextLength ?? DEFAULT_LENGTH);
    return new EncoderModel(files.name, tokenizer, model, labels, maxLength);
  });
}

/** The labels of a classifier in the order of its logits; none if its files do not name them. */
async function labelsOf(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  const { id2label = {} } = JSON.parse(await readFile(path, 'utf8')) as { readonly id2label?: Readonly<Record<string, string>> };
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}
