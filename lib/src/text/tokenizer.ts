import { Template } from '@huggingface/jinja';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { InvalidOption, isRecord } from '../core/index.js';
import { pad, type Tensor } from '../onnx/index.js';
import { invalidMessages, invalidTokenInput, NotATextModel } from './errors.js';
import { mendPackage } from './mend-package.js';
import type { ChatMessage } from './messages.js';
import { quickenWords } from './quick-words.js';
import { parseBatchOptions, parseEncodeOptions } from './token-options.js';
import { type TokenRow, TokenRows } from './token-rows.js';

/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /** Whether the tokens are added that the model expects around each text, such as `[CLS]` and `[SEP]`. @default true */
  readonly special?: boolean;
  /** The most tokens. A longer text is cut; of a pair, the longer text first. @default no limit */
  readonly maxLength?: number;
}

/** Options of {@link Tokenizer.encodeBatch}. */
export interface EncodeBatchOptions extends EncodeOptions {
  /** The length of all rows. @default that of the longest one */
  readonly length?: number;
  /** The length becomes a multiple of this, so that fewer different lengths reach the model. @default 1 */
  readonly multipleOf?: number;
  /** Whether rows are filled up after their tokens or before them. @default `padding_side` of tokenizer_config.json, else 'right' */
  readonly side?: 'right' | 'left';
}

/** A batch of texts, under the names that exported models give to their inputs. */
export type TokenBatch = {
  /** Tokens, `[texts, length]`. */
  readonly input_ids: Tensor<'int64'>;
  /** 1 for a token of a text and 0 for what was filled up, `[texts, length]`. */
  readonly attention_mask: Tensor<'int64'>;
  /** 1 for the tokens of the second text of a pair, else 0, `[texts, length]`. */
  readonly token_type_ids: Tensor<'int64'>;
};

/** A text, or a pair of texts such as a question and an answer. */
export type TextInput = string | readonly [text: string, pair: string];

/** The files of a tokenizer. */
export interface TokenizerFiles {
  /** Where they are, for messages. */
  readonly folder: string;
  /** The content of tokenizer.json. */
  readonly tokenizer: object;
  /** The content of tokenizer_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The content of config.json. */
  readonly model?: Readonly<Record<string, unknown>>;
  /** The content of generation_config.json. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** The content of chat_template.jinja. */
  readonly template?: string | undefined;
}

/** Names of the token that fills up, if the files do not say which one it is. */
const PAD_NAMES = ['[PAD]', '<pad>', '<|pad|>'];
/** The tokens of tokenizer_config.json that a template of chats may name. */
const SPECIAL_NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** The tokenizer of a model: texts to numbers of tokens, and back. `loadTokenizer` makes it. */
export class Tokenizer {
  readonly #tokenizer: HubTokenizer;
  readonly #rows: TokenRows;
  readonly #template: Template | undefined;
  readonly #firstTexts: string[] = [];
  readonly #laterTexts: string[] = [];
  /** A beginning of a text, and its tokens. */
  #beginning: { readonly tokens: readonly number[]; readonly text: string } | undefined;
  readonly #special: Readonly<Record<string, string>>;
  readonly #side: 'right' | 'left';
  /** Tokens that the model was made for; undefined if its files do not say it. */
  readonly contextLength?: number | undefined;
  /** The tokens that end an answer. */
  readonly endTokens: ReadonlySet<number>;
  /** @internal Whether a text that is too long loses its beginning, and not its end. */
  readonly cutsLeft: boolean;
  /** The token with which rows are filled up; 0 if the tokenizer has none. */
  readonly padToken: number;

  /** @internal */
  constructor({ folder, tokenizer, config, model = {}, generation = {}, template }: TokenizerFiles) {
    const { post_processor: processor, padding } = tokenizer as {
      readonly post_processor?: unknown;
      readonly padding?: { readonly pad_id?: number } | null;
    };
    try {
      this.#tokenizer = new HubTokenizer(tokenizer, config);
      quickenWords(this.#tokenizer);
      mendPackage(this.#tokenizer, tokenizer);
      this.cutsLeft = config.truncation_side === 'left';
      this.#rows = new TokenRows(this.#tokenizer, processor, this.cutsLeft);
      const chat = template ?? templateIn(config.chat_template);
      this.#template = chat === undefined ? undefined : new Template(chat);
    } catch (error) {
      throw NotATextModel({ folder, kind: 'language model', reason: `its tokenizer: ${(error as Error).message}` }, error);
    }
    const special = SPECIAL_NAMES.flatMap((name) => {
      const value = config[name] as string | { readonly content: string } | null | undefined;
      return value === undefined || value === null ? [] : [[name, typeof value === 'string' ? value : value.content] as const];
    });
    this.#special = Object.fromEntries(special);
    const id = (name: string) => this.#tokenizer.token_to_id(this.#special[name] ?? '');
    // Each of these files may name tokens that the others do not: the one that ends an answer in a chat is often in one of them only.
    const ends = [id('eos_token'), generation.eos_token_id, model.eos_token_id].flat();
    this.endTokens = new Set(ends.filter((token) => Number.isSafeInteger(token)) as number[]);
    const named = PAD_NAMES.flatMap((name) => this.#tokenizer.token_to_id(name) ?? []);
    this.padToken = id('pad_token') ?? padding?.pad_id ?? named[0] ?? 0;
    this.#side = config.padding_side === 'left' ? 'left' : 'right';
    const lengths = [config.model_max_length, positionsOf(model)].filter((length) => typeof length === 'number');
    // Files without a limit name a huge number.
    const length = Math.min(...lengths);
    this.contextLength = length < 1e9 ? length : undefined;
  }

  /** True if the model has a template for chats. */
  get hasTemplate(): boolean {
    return this.#template !== undefined;
  }

  /**
   * The tokens of a text or of a pair of texts.
   * @throws NBS_TOKENIZER_INPUT, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
   */
  encode(text: TextInput, options: EncodeOptions = {}): number[] {
    const { special, maxLength } = parseEncodeOptions(options);
    return [...this.#row(text, special, maxLength).ids];
  }

  /**
   * The tokens of several texts or pairs, as the inputs of a model. Shorter rows are filled up with {@link padToken}.
   * @returns tensors of `[texts, length]`
   * @throws NBS_TOKENIZER_INPUT, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION; NBS_ONNX_CANNOT_BATCH if a row is longer than `length`
   */
  encodeBatch(texts: readonly TextInput[], options: EncodeBatchOptions = {}): TokenBatch {
    const { special, maxLength, length, multipleOf, side = this.#side } = parseBatchOptions(options);
    if (!Array.isArray(texts) || texts.length === 0) throw invalidTokenInput(texts);
    const rows = texts.map((text: TextInput) => this.#row(text, special, maxLength));
    const padding = { side, multipleOf, ...(length === undefined ? {} : { length }) };
    const ids = pad(
      rows.map(({ ids: own }) => int64(own)),
      { ...padding, value: this.padToken },
    );
    const { values: types } = pad(
      rows.map((row) => int64(row.types)),
      padding,
    );
    return { input_ids: ids.values, attention_mask: ids.mask, token_type_ids: types };
  }

  #row(input: TextInput, special: boolean, maxLength: number): TokenRow {
    const [text, pair = null] = typeof input === 'string' ? [input] : Array.isArray(input) && input.length === 2 ? input : [null];
    if (typeof text !== 'string' || (pair !== null && typeof pair !== 'string')) throw invalidTokenInput(input);
    const added = special && Number.isFinite(maxLength) ? this.#rows.added(pair !== null) : 0;
    if (maxLength < added)
      throw InvalidOption({
        where: 'encode',
        option: 'maxLength',
        expected: `at least ${added}, because so many tokens are put around a text`,
        value: String(maxLength),
      });
    return this.#rows.row(text, pair, special, maxLength);
  }

  /** The tokens of a chat, up to where the answer begins. */
  encodeChat(messages: readonly ChatMessage[]): number[] {
    if (this.#template === undefined) return this.encode(messages.map(({ content }) => content).join('\n'));
    return this.encode(this.#render(this.#template, messages), { special: false });
  }

  /** @throws NBS_MESSAGES_INVALID if the template refuses the messages, such as one that knows no `system` */
  #render(template: Template, messages: readonly ChatMessage[]): string {
    try {
      // In a template, what is null is none, and what is missing is not. The library transformers passes these two always.
      return template.render({ messages, tools: null, documents: null, add_generation_prompt: true, ...this.#special });
    } catch (error) {
      throw invalidMessages(`the chat template of the model says: ${(error as Error).message}`);
    }
  }

  /**
   * The text of one token; a part of a character is U+FFFD.
   * @param isFirst whether a text begins with the token: many decoders drop the space of the first one
   */
  textOf(token: number, isFirst = true): string {
    const texts = isFirst ? this.#firstTexts : this.#laterTexts;
    const text = texts[token] ?? (isFirst ? this.decode([token]) : this.#laterTextOf(token));
    texts[token] = text;
    return text;
  }

  #laterTextOf(token: number): string {
    if (this.#beginning === undefined) {
      const tokens = this.encode('a', { special: false });
      this.#beginning = { tokens, text: this.decode(tokens) };
    }
    const { tokens, text } = this.#beginning;
    const whole = this.decode([...tokens, token]);
    return whole.startsWith(text) ? whole.slice(text.length) : this.decode([token]);
  }

  /**
   * The text of tokens.
   * @param tokens numbers, or the `data` of a tensor of int64
   * @param options.special whether tokens that control the model, such as `[CLS]`, are in the text. @default false
   */
  decode(tokens: ArrayLike<number | bigint>, options: { readonly special?: boolean } = {}): string {
    const numbers = Array.from(tokens, Number);
    return numbers.length === 0
      ? ''
      : this.#tokenizer.decode(numbers, { skip_special_tokens: options.special !== true, clean_up_tokenization_spaces: false });
  }
}

/** The template for chats in tokenizer_config.json, which may be one of a list, such as one for chats and one for tools. */
function templateIn(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (!Array.isArray(given)) return undefined;
  const named = given.filter((each) => isRecord(each) && typeof each.template === 'string') as {
    name?: unknown;
    template: string;
  }[];
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template;
}

/** The types of models whose positions begin behind the token that fills up, as transformers has them (`create_position_ids_from_input_ids`). */
const OFFSET_POSITIONS = /roberta|camembert|mpnet|longformer|luke|^esm|ibert|data2vec-text/;

/** The positions that a model knows; undefined if its config.json does not say it. */
function positionsOf(model: Readonly<Record<string, unknown>>): number | undefined {
  const config = isRecord(model.text_config) ? model.text_config : model;
  const { max_position_embeddings: positions = config.n_positions, model_type: type, pad_token_id: padding } = config;
  if (typeof positions !== 'number' || positions <= 0) return undefined;
  const isOffset = typeof type === 'string' && OFFSET_POSITIONS.test(type) && typeof padding === 'number';
  return isOffset ? positions - padding - 1 : positions;
}

const int64 = (numbers: readonly number[]): Tensor<'int64'> => ({
  type: 'int64',
  dims: [numbers.length],
  data: BigInt64Array.from(numbers, BigInt),
});
