import type { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';

/** The tokens of one text, or of a pair of texts. */
export interface TokenRow {
  readonly ids: readonly number[];
  /** 0 for the tokens of the first text, 1 for those of the second one, as the tokenizer counts them. */
  readonly types: readonly number[];
}

/** The content of `post_processor` in tokenizer.json. */
interface ProcessorConfig {
  readonly type?: string;
  readonly processors?: readonly ProcessorConfig[];
}

/** Makes rows of tokens, as Hugging Face's tokenizers for Python do. The package for JavaScript does not cut texts, and differs for some pairs. */
export class TokenRows {
  readonly #ids = new Map<string, number>();
  readonly #isRoberta: boolean;

  readonly #tokenizer: HubTokenizer;
  /** Whether a text that is too long loses its beginning, and not its end. */
  readonly #cutsLeft: boolean;

  constructor(tokenizer: HubTokenizer, processor: unknown, cutsLeft: boolean) {
    this.#tokenizer = tokenizer;
    this.#cutsLeft = cutsLeft;
    const has = (config: ProcessorConfig | null | undefined): boolean =>
      config?.type === 'RobertaProcessing' || (config?.processors?.some(has) ?? false);
    this.#isRoberta = has(processor as ProcessorConfig | null | undefined);
    // A token that is found in the normalized text is in the text in its normalized form.
    for (const [id, { content, normalized }] of tokenizer.get_added_tokens_decoder()) {
      this.#ids.set(content, id);
      if (normalized && tokenizer.normalizer !== null) this.#ids.set(tokenizer.normalizer(content), id);
    }
  }

  /** How many tokens the tokenizer puts around a text or a pair. */
  added(isPair: boolean): number {
    return this.#join([], isPair ? [] : null, true).tokens.length;
  }

  /** @param maxLength the most tokens of the row; it is not less than {@link added} */
  row(text: string, pair: string | null, special: boolean, maxLength: number): TokenRow {
    const [first, second] = this.#cut(
      this.#tokensOf(text),
      pair === null ? null : this.#tokensOf(pair),
      Number.isFinite(maxLength) && special ? maxLength - this.added(pair !== null) : maxLength,
    );
    const { tokens, types } = this.#join(first, second, special);
    const unknown = this.#tokenizer.model?.unk_token_id;
    const ids = tokens.map((token) => this.#ids.get(token) ?? this.#tokenizer.token_to_id(token) ?? unknown);
    // A tokenizer without a token for what is unknown leaves it out.
    const known = ids.flatMap((id, place) => (id === undefined || id === null ? [] : [place]));
    return { ids: known.map((place) => ids[place] as number), types: known.map((place) => types[place] ?? 0) };
  }

  #tokensOf(text: string): string[] {
    return text === '' ? [] : this.#tokenizer.tokenize(text, { add_special_tokens: false });
  }

  /** Cuts the longer text first, and then both, as the strategy `longest_first` does. */
  #cut(first: string[], second: string[] | null, most: number): [string[], string[] | null] {
    const cut = (tokens: string[], length: number): string[] =>
      tokens.length <= length ? tokens : this.#cutsLeft ? tokens.slice(tokens.length - length) : tokens.slice(0, length);
    if (second === null) return [cut(first, most), null];
    if (first.length + second.length <= most) return [first, second];
    const isSwapped = first.length > second.length;
    let shorter = Math.min(first.length, second.length);
    let longer = shorter > most ? shorter : Math.max(shorter, most - shorter);
    if (shorter + longer > most) {
      shorter = Math.floor(most / 2);
      longer = shorter + (most % 2);
    }
    return isSwapped ? [cut(first, longer), cut(second, shorter)] : [cut(first, shorter), cut(second, longer)];
  }

  #join(first: string[], second: string[] | null, special: boolean): { tokens: readonly string[]; types: readonly number[] } {
    const {
      tokens,
      tokens_pair: rest,
      token_type_ids: given,
    } = this.#tokenizer.post_processor?.(first, second, special) ?? {
      tokens: first,
      tokens_pair: second ?? [],
    };
    const types = given ?? new Array<number>(tokens.length).fill(0);
    // Some processors leave the second text alone.
    const left = rest ?? [];
    const all = [...types, ...new Array<number>(left.length).fill(1)];
    return { tokens: [...tokens, ...left], types: this.#isRoberta ? all.fill(0) : all };
  }
}
