import { Template } from '@huggingface/jinja';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { NotATextModel } from './errors.js';
import type { ChatMessage } from './messages.js';
import type { TextFolder } from './text-folder.js';

/** The tokenizer of a model: texts to numbers of tokens, and back. */
export class Tokenizer {
  readonly #tokenizer: HubTokenizer;
  readonly #template: Template | undefined;
  readonly #texts: string[] = [];
  readonly #special: Readonly<Record<string, string>>;
  /** Tokens that the model was made for; undefined if its files do not say it. */
  readonly contextLength: number | undefined;
  /** The tokens that end an answer. */
  readonly endTokens: ReadonlySet<number>;
  readonly padToken: number;

  /** @throws NBS_TEXT_MODEL_INVALID */
  constructor({ folder, tokenizer, config }: TextFolder) {
    try {
      this.#tokenizer = new HubTokenizer(tokenizer, config);
      const { chat_template: template } = config;
      this.#template = typeof template === 'string' ? new Template(template) : undefined;
    } catch (error) {
      throw NotATextModel({ folder, kind: 'language model', reason: `its tokenizer: ${(error as Error).message}` }, error);
    }
    const special = ['bos_token', 'eos_token', 'pad_token', 'unk_token'].flatMap((name) => {
      const value = config[name] as string | { readonly content: string } | null | undefined;
      return value === undefined || value === null ? [] : [[name, typeof value === 'string' ? value : value.content] as const];
    });
    this.#special = Object.fromEntries(special);
    const id = (name: string) => this.#tokenizer.token_to_id(this.#special[name] ?? '');
    const end = id('eos_token');
    this.endTokens = new Set(end === undefined ? [] : [end]);
    this.padToken = id('pad_token') ?? 0;
    const { model_max_length: length } = config;
    // Files without a limit name a huge number.
    this.contextLength = typeof length === 'number' && length < 1e9 ? length : undefined;
  }

  /** True if the model has a template for chats. */
  get hasTemplate(): boolean {
    return this.#template !== undefined;
  }

  /** The tokens of a text, with those that the tokenizer puts around each text if `special` is true. */
  encode(text: string, options: { readonly special?: boolean } = {}): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: options.special ?? true }).ids;
  }

  /** The tokens of a chat, up to where the answer begins. */
  encodeChat(messages: readonly ChatMessage[]): number[] {
    if (this.#template === undefined) return this.encode(messages.map(({ content }) => content).join('\n'));
    return this.encode(this.#template.render({ messages, add_generation_prompt: true, ...this.#special }), { special: false });
  }

  /** The text of one token alone; a part of a character is U+FFFD. */
  textOf(token: number): string {
    let text = this.#texts[token];
    if (text === undefined) {
      text = this.decode([token]);
      this.#texts[token] = text;
    }
    return text;
  }

  /** The text of tokens. Those that control the model have none. */
  decode(tokens: readonly number[]): string {
    return tokens.length === 0
      ? ''
      : this.#tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  }
}
