import type { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';

/** What is used of the normalizers, pre-tokenizers and decoders of the package. */
interface Part {
  pattern?: RegExp | null;
  readonly tokenizers?: readonly (Part | null)[];
  readonly normalizers?: readonly (Part | null)[];
  readonly decoders?: readonly (Part | null)[];
  text_decoder?: InstanceType<typeof TextDecoder>;
  pre_tokenize_text(text: string, options?: unknown): string[];
  normalize(text: string): string;
  clean_text(text: string): string;
  strip_accents(text: string): string;
}
/** What is used of its models. */
interface TokenModel {
  readonly fuse_unk: boolean;
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  _call(words: readonly string[]): string[];
}

type Behavior = 'Removed' | 'Isolated' | 'Contiguous' | 'MergedWithPrevious' | 'MergedWithNext';

/** The settings of all parts in tokenizer.json. */
interface Config {
  readonly type?: string;
  readonly pretokenizers?: readonly Config[];
  readonly normalizers?: readonly Config[];
  readonly decoders?: readonly Config[];
  readonly behavior?: Behavior;
  readonly invert?: boolean;
  readonly individual_digits?: boolean;
  readonly replacement?: string;
  readonly split?: boolean | null;
  readonly length?: number;
  readonly clean_text?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly strip_accents?: boolean | null;
  readonly lowercase?: boolean;
  readonly byte_fallback?: boolean;
  readonly continuing_subword_prefix?: string | null;
}

// JavaScript's own \w, \d and \s are about other characters than those of the regular expressions of Rust.
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';
const PUNCTUATION = '\\p{P}!-\\/:-@\\[-`{-~';
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
const MARK = new RegExp(`[${PUNCTUATION}]`, 'gu');
const WORD_OR_MARK = new RegExp(`[^${PUNCTUATION}\\p{White_Space}]+|[${PUNCTUATION}]`, 'gu');
const PARTS_OF_GPT2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/**
 * Splits a text at the matches of a pattern, as `NormalizedString::split` of the crate tokenizers does.
 * @param isInverted whether that which does not match counts as a match
 */
function splitAt(text: string, pattern: RegExp, behavior: Behavior, isInverted = false): string[] {
  const pieces: { text: string; readonly isMatch: boolean }[] = [];
  let begin = 0;
  const add = (end: number, isMatch: boolean): void => {
    pieces.push({ text: text.slice(begin, end), isMatch: isMatch !== isInverted });
    begin = end;
  };
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (index > begin) add(index, false);
    add(index + match.length, true);
  }
  if (begin < text.length) add(text.length, false);
  const isBackward = behavior === 'MergedWithNext';
  const joined: typeof pieces = [];
  let before: boolean | undefined;
  for (const piece of isBackward ? pieces.reverse() : pieces) {
    const { isMatch } = piece;
    const joins = behavior === 'Contiguous' ? isMatch === before : behavior.startsWith('Merged') && isMatch && before === false;
    const last = joined.at(-1);
    if (joins && last !== undefined) last.text = isBackward ? piece.text + last.text : last.text + piece.text;
    else if (behavior !== 'Removed' || !isMatch) joined.push(piece);
    before = isMatch;
  }
  return (isBackward ? joined.reverse() : joined).flatMap((each) => (each.text === '' ? [] : each.text));
}

/** Σ is the only letter whose small form depends on its neighbours. The crate lowers each letter by itself. */
const lowerCase = (text: string): string =>
  text
    .split('Σ')
    .map((each) => each.toLowerCase())
    .join('σ');

const preTokenizers: Readonly<Record<string, (part: Part, config: Config) => Part['pre_tokenize_text']>> = {
  Whitespace: () => (text) => text.match(WORDS) ?? [],
  WhitespaceSplit: () => (text) => text.match(/\P{White_Space}+/gu) ?? [],
  BertPreTokenizer: () => (text) => text.match(WORD_OR_MARK) ?? [],
  Punctuation:
    (_, { behavior = 'Isolated' }) =>
    (text) =>
      splitAt(text, MARK, behavior),
  Digits:
    (_, { individual_digits: alone }) =>
    (text) =>
      splitAt(text, /\p{N}/gu, alone ? 'Isolated' : 'Contiguous'),
  Split: ({ pattern }, { behavior = 'Isolated', invert }) => {
    if (!pattern) throw new Error('the pattern of its pre-tokenizer Split is of an unknown kind');
    return (text) => splitAt(text, pattern, behavior, invert);
  },
  ByteLevel: (part) => {
    part.pattern = PARTS_OF_GPT2;
    return part.pre_tokenize_text.bind(part);
  },
  FixedLength:
    (_, { length = 5 }) =>
    (text) => {
      const letters = Array.from(text);
      const begins = Array.from({ length: Math.ceil(letters.length / length) }, (_each, i) => i * length);
      return begins.map((begin) => letters.slice(begin, begin + length).join(''));
    },
  Metaspace: (part, { replacement = '▁', split }) => {
    const ofPackage = part.pre_tokenize_text.bind(part);
    if (split === false) return ofPackage;
    const mark = new RegExp(`\\u{${(replacement.codePointAt(0) as number).toString(16)}}`, 'gu');
    return (text, options) => ofPackage(text, options).flatMap((each) => splitAt(each, mark, 'MergedWithNext'));
  },
};

const normalizers: Readonly<Record<string, (part: Part, config: Config) => Part['normalize']>> = {
  Lowercase: () => lowerCase,
  BertNormalizer: (part, { clean_text: isCleaned, handle_chinese_chars: isSpaced, strip_accents: isStripped, lowercase }) => {
    return (text) => {
      const cleaned = isCleaned ? part.clean_text(text) : text;
      const spaced = isSpaced ? cleaned.replace(CHINESE, ' $& ') : cleaned;
      const stripped = (isStripped ?? lowercase) ? part.strip_accents(spaced) : spaced;
      return lowercase ? lowerCase(stripped) : stripped;
    };
  },
};

/**
 * Makes a tokenizer of the package for JavaScript give the tokens of Hugging Face's tokenizers for Python, if it would not.
 * @param config the content of tokenizer.json
 * @throws Error if that is not possible
 */
export function mendPackage(tokenizer: HubTokenizer, config: object): void {
  const { normalizer, pre_tokenizer: preTokenizer, model, decoder } = config as Readonly<Record<string, Config | null>>;
  mendNormalizer(tokenizer.normalizer as unknown as Part | null, normalizer);
  mendPreTokenizer(tokenizer.pre_tokenizer as unknown as Part | null, preTokenizer);
  mendModel(tokenizer.model as unknown as TokenModel, model ?? {});
  mendDecoder(tokenizer.decoder as unknown as Part | null, decoder);
}

function mendNormalizer(part: Part | null | undefined, config: Config | null | undefined): void {
  if (!part || !config) return;
  for (const [i, inner] of (config.normalizers ?? []).entries()) mendNormalizer(part.normalizers?.[i], inner);
  const own = normalizers[config.type ?? '']?.(part, config);
  if (own !== undefined) part.normalize = own;
}

function mendPreTokenizer(part: Part | null | undefined, config: Config | null | undefined): void {
  if (!part || !config) return;
  for (const [i, inner] of (config.pretokenizers ?? []).entries()) mendPreTokenizer(part.tokenizers?.[i], inner);
  const own = preTokenizers[config.type ?? '']?.(part, config);
  if (own !== undefined) part.pre_tokenize_text = own;
}

function mendDecoder(part: Part | null | undefined, config: Config | null | undefined): void {
  if (!part || !config) return;
  for (const [i, inner] of (config.decoders ?? []).entries()) mendDecoder(part.decoders?.[i], inner);
  // The package would take a U+FEFF at the beginning for the mark of an encoding.
  if (config.type === 'ByteFallback') part.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
}

function mendModel(model: TokenModel, { type, byte_fallback: hasBytes, continuing_subword_prefix: prefix }: Config): void {
  if (type === 'BPE' && (prefix ?? '') !== '')
    throw new Error('its model BPE has a continuing_subword_prefix, which cannot be used');
  const ofPackage = model._call.bind(model);
  // Unknown letters become one token if they are neighbours in a word, and not across words.
  const call: TokenModel['_call'] = (words) => words.flatMap((word) => ofPackage([word]));
  if (type === 'Unigram' && hasBytes) model._call = (words) => call(words).flatMap((piece) => bytesOf(piece, model) ?? piece);
  else if (model.fuse_unk) model._call = call;
}

/** The tokens of the bytes of a piece that the model does not know; undefined if it does not have them all. */
function bytesOf(piece: string, { tokens_to_ids: ids }: TokenModel): string[] | undefined {
  if (ids.has(piece)) return undefined;
  const tokens = Array.from(Buffer.from(piece), (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  return tokens.every((token) => ids.has(token)) ? tokens : undefined;
}
