import { integer, type OptionSpec, parseOptions } from '../core/index.js';
import type { DeviceChoice } from '../onnx/index.js';

/** Options of {@link loadTextModel}. */
export interface TextModelOptions {
  /** The model's file in its folder. @default 'onnx/model.onnx' */
  readonly file?: string;
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /**
   * The most answers that are generated at a time. More prompts wait. There is room for 2,048 tokens of each, prompt and `maxTokens` together; a longer chat takes
   * the room of several, so that fewer are answered at a time. A model that takes no `position_ids`, or that has the operator `GroupQueryAttention`, cannot compute
   * answers of different lengths in one batch, so it generates one at a time. @default 8
   */
  readonly maxBatchSize?: number;
  /** The most prompts that may wait because the batch has no room for them. @default 64 */
  readonly maxWaiting?: number;
  /** Tokens of a prompt and its answer together. @default what the model was made for, else 2048 */
  readonly contextLength?: number;
}

/** Options of {@link TextModel.generate}. */
export interface GenerateOptions {
  /** The most tokens of the answer. @default 256 */
  readonly maxTokens?: number;
  /** 0 always takes the most likely token; a higher number lets less likely ones come too. From 0 to 2. @default 0 */
  readonly temperature?: number;
  /** Only the most likely tokens are considered whose probabilities add up to this; above 0, up to 1. @default 1 */
  readonly topP?: number;
  /** With the same seed, the same prompt gets the same answer. @default a random one */
  readonly seed?: number;
  /** Texts that end the answer, and are not part of it; at most 64. @default none */
  readonly stop?: string | readonly string[];
  /** `json` makes the answer a JSON object: of the tokens that the model could take next, only those are considered that such a text can go on with. @default 'text' */
  readonly format?: 'text' | 'json';
  /** Ends the answer when it is aborted. In a replica, the answer also ends with the request for which it is made. */
  readonly signal?: AbortSignal;
}

/** Options of {@link loadPipeline}. */
export interface PipelineOptions {
  /** Which of the model's files is taken: `fp32` is onnx/model.onnx, `q8` onnx/model_quantized.onnx; transformers.js lists all. @default 'fp32' */
  readonly dtype?: string;
  /** The device to run on, by its name in transformers.js. @default 'cpu' */
  readonly device?: string;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /**
   * The package, imported. It is needed if the package is neither in the working folder nor beside nbserve, such as one of `runtimeEnv.npm`:
   * `module: await import('@huggingface/transformers')`. @default it is looked for
   */
  readonly module?: object;
}

/**
 * Characters for each token of the context. A prompt with more is refused before it becomes tokens, which takes some microseconds for each character, in which
 * the process does nothing else. Texts have about four characters in a token.
 */
export const MOST_CHARACTERS = 16;

/**
 * How many tokens a model reads.
 * @param asked what the user asks for; 0 for nothing
 * @param known what the model was made for
 * @param fallback for a model whose files do not say it
 */
export const lengthWithin = (asked: number, known: number | undefined, fallback: number): number =>
  asked === 0 ? (known ?? fallback) : Math.min(asked, known ?? Number.POSITIVE_INFINITY);

const DEFAULT_BATCH = 8;
const DEFAULT_WAITING = 64;

const anything = <T>(doc: string): OptionSpec<T | undefined> => ({
  doc,
  expected: 'what onnx.load takes',
  default: undefined,
  parse: (value) => value as T,
});

const modelSpec = {
  file: {
    doc: "The model's file in its folder.",
    expected: 'a path below the folder',
    default: 'onnx/model.onnx',
    parse: (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined),
  } as OptionSpec<string>,
  // onnx.load checks these two.
  device: anything<DeviceChoice>('The device to run on.'),
  intraOpThreads: anything<number>('Number of threads for one operator.'),
  maxBatchSize: integer({ doc: 'The most answers at a time.', default: DEFAULT_BATCH, min: 1, max: 256 }),
  maxWaiting: integer({ doc: 'The most prompts that may wait.', default: DEFAULT_WAITING, min: 0 }),
  contextLength: integer({ doc: 'Tokens of a prompt and its answer together.', default: 0, min: 2 }),
};

const encoderSpec = {
  file: modelSpec.file,
  device: modelSpec.device,
  intraOpThreads: modelSpec.intraOpThreads,
  maxLength: integer({ doc: 'Tokens of a text that are read.', default: 0, min: 2 }),
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parseEncoderOptions = (options: object) =>
  parseOptions('loadEncoderModel', encoderSpec, options as Readonly<Record<string, unknown>>);

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parseModelOptions = (where: string, options: TextModelOptions) =>
  parseOptions(where, modelSpec, options as Readonly<Record<string, unknown>>);
export type ModelValues = ReturnType<typeof parseModelOptions>;

const name = (doc: string, fallback: string): OptionSpec<string> => ({
  doc,
  expected: 'a name',
  default: fallback,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});

const pipelineSpec = {
  dtype: name("Which of the model's files is taken.", 'fp32'),
  device: name('The device to run on.', 'cpu'),
  intraOpThreads: integer({ doc: 'Number of threads for one operator.', default: -1, min: 0, max: 1024 }),
  module: {
    doc: 'The package, imported.',
    expected: "what import('@huggingface/transformers') gives, which has a function pipeline",
    default: undefined,
    parse: (value) => (isTransformers(value) ? value : undefined),
  } as OptionSpec<Transformers | undefined>,
};

/** The part of transformers.js that is used. Its own types would be needed by all who import this room. */
export interface Transformers {
  readonly pipeline: (task: string, folder: string, options: object) => Promise<unknown>;
}
const isTransformers = (value: unknown): value is Transformers =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Transformers>).pipeline === 'function';

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parsePipelineOptions = (options: PipelineOptions) =>
  parseOptions('loadPipeline', pipelineSpec, options as Readonly<Record<string, unknown>>);

const number = (doc: string, fallback: number, expected: string, test: (value: number) => boolean): OptionSpec<number> => ({
  doc,
  expected,
  default: fallback,
  parse: (value) => (typeof value === 'number' && test(value) ? value : undefined),
});

/** Each token of an answer is compared with each of them. */
const MOST_STOPS = 64;

const generateSpec = {
  maxTokens: integer({ doc: 'The most tokens of the answer.', default: 256, min: 1 }),
  temperature: number('How much chance counts.', 0, 'a number from 0 to 2', (value) => value >= 0 && value <= 2),
  topP: number('Which tokens are considered.', 1, 'a number above 0, up to 1', (value) => value > 0 && value <= 1),
  seed: {
    doc: 'Where the chance begins.',
    expected: 'an integer',
    default: undefined,
    parse: (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : undefined),
  } as OptionSpec<number | undefined>,
  stop: {
    doc: 'Texts that end the answer.',
    expected: `a text that is not empty, or a list of at most ${MOST_STOPS} such texts`,
    default: [],
    parse: (value: unknown) => {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      return list.length <= MOST_STOPS && list.every((each) => typeof each === 'string' && each !== '')
        ? (list as string[])
        : undefined;
    },
  } as OptionSpec<readonly string[]>,
  format: {
    doc: 'The form of the answer.',
    expected: 'text or json',
    default: 'text',
    parse: (value: unknown) => (value === 'text' || value === 'json' ? value : undefined),
  } as OptionSpec<'text' | 'json'>,
  signal: {
    doc: 'Ends the answer when it is aborted.',
    expected: 'an AbortSignal',
    default: undefined,
    parse: (value: unknown) => (value instanceof AbortSignal ? value : undefined),
  } as OptionSpec<AbortSignal | undefined>,
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export const parseGenerateOptions = (options: GenerateOptions) =>
  parseOptions('generate', generateSpec, options as Readonly<Record<string, unknown>>);
export type GenerateValues = ReturnType<typeof parseGenerateOptions>;
