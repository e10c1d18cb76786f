import type { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';

/** The package keeps the tokens of shorter words, so it need not split them again. */
const LONG_WORD = 32;
/** More than any tokenizer has pieces, and few enough for the number of a pair to be exact. */
const MOST_PIECES = 2 ** 26;
const NONE = -1;

/** What is used of the models of the package. */
interface BytePairs {
  readonly merges: readonly (readonly [left: string, right: string])[];
  readonly end_of_word_suffix?: string | undefined;
  readonly continuing_subword_suffix?: string | null;
  bpe(word: string): string[];
}
interface WordPieces {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token: string;
  readonly max_input_chars_per_word: number;
  readonly config: { readonly continuing_subword_prefix: string };
  encode(words: readonly string[]): string[];
}

/**
 * Makes a tokenizer quick for texts without spaces, with the same tokens. The package takes up to 50 µs for each letter of a long word, so that the longest
 * prompt that a model takes kept a process from other work for seconds.
 */
export function quickenWords(tokenizer: HubTokenizer): void {
  const model: unknown = tokenizer.model;
  if (isBytePairs(model)) quickenBytePairs(model);
  else if (isWordPieces(model)) quickenWordPieces(model);
}

const isBytePairs = (model: unknown): model is BytePairs => {
  const { bpe, merges } = (model ?? {}) as Partial<BytePairs>;
  return typeof bpe === 'function' && Array.isArray(merges);
};
const isWordPieces = (model: unknown): model is WordPieces => {
  const { config, encode, max_input_chars_per_word: most } = (model ?? {}) as Partial<WordPieces>;
  return typeof encode === 'function' && typeof most === 'number' && typeof config?.continuing_subword_prefix === 'string';
};

function quickenBytePairs(model: BytePairs): void {
  const { end_of_word_suffix: end, continuing_subword_suffix: further } = model;
  if ((end ?? '') !== '' || (further ?? '') !== '') return;
  const ofPackage = model.bpe.bind(model);
  let merges: Merges | undefined;
  model.bpe = (word) => {
    if (word.length < LONG_WORD) return ofPackage(word);
    merges ??= new Merges(model.merges);
    return merges.split(word);
  };
}

/** Byte-pair encoding: of all pairs of neighbours, the one with the lowest rank is joined first, and of equal ones the first in the word. */
class Merges {
  readonly #numbers = new Map<string, number>();
  readonly #pieces: string[] = [];
  /** The rank of a pair of pieces, which is the place of its merge in the list. */
  readonly #ranks = new Map<number, number>();
  /** The piece that the merge of a rank makes. */
  readonly #made: number[] = [];

  constructor(merges: BytePairs['merges']) {
    for (const [rank, [left, right]] of merges.entries()) {
      this.#ranks.set(this.#numberOf(left) * MOST_PIECES + this.#numberOf(right), rank);
      this.#made.push(this.#numberOf(left + right));
    }
  }

  #numberOf(piece: string): number {
    const known = this.#numbers.get(piece);
    if (known !== undefined) return known;
    this.#numbers.set(piece, this.#pieces.length);
    return this.#pieces.push(piece) - 1;
  }

  split(word: string): string[] {
    const letters = Array.from(word);
    const count = letters.length;
    const pieces = Int32Array.from(letters, (letter) => this.#numbers.get(letter) ?? NONE);
    // The places of the neighbours, and the rank of a piece with the one after it. A piece is where its first letter was.
    const after = Int32Array.from(letters, (_, place) => (place === count - 1 ? NONE : place + 1));
    const before = Int32Array.from(letters, (_, place) => place - 1);
    const ranks = new Int32Array(count).fill(NONE);
    const pairs = new SmallestFirst();
    const rank = (place: number): void => {
      const next = after[place] as number;
      const [left, right] = [pieces[place] as number, next === NONE ? NONE : (pieces[next] as number)];
      const found = left === NONE || right === NONE ? NONE : (this.#ranks.get(left * MOST_PIECES + right) ?? NONE);
      ranks[place] = found;
      if (found !== NONE) pairs.push(found * count + place);
    };
    for (let place = 0; place < count; place += 1) rank(place);
    for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
      const place = pair % count;
      const merge = (pair - place) / count;
      // One of the two may have been joined with another one since.
      if (ranks[place] !== merge) continue;
      const gone = after[place] as number;
      const next = after[gone] as number;
      pieces[place] = this.#made[merge] as number;
      ranks[gone] = NONE;
      after[place] = next;
      if (next !== NONE) before[next] = place;
      rank(place);
      if (place > 0) rank(before[place] as number);
    }
    const result: string[] = [];
    for (let place = 0; place !== NONE; place = after[place] as number) {
      const piece = pieces[place] as number;
      result.push((piece === NONE ? letters[place] : this.#pieces[piece]) as string);
    }
    return result;
  }
}

/** A binary heap of numbers. */
class SmallestFirst {
  readonly #heap: number[] = [];

  push(number: number): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((heap[parent] as number) <= number) break;
      heap[place] = heap[parent] as number;
      place = parent;
    }
    heap[place] = number;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const smallest = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return smallest;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if (child >= heap.length || (heap[child] as number) >= last) break;
      heap[place] = heap[child] as number;
      place = child;
    }
    heap[place] = last;
    return smallest;
  }
}

/** The longest piece that a word begins with is taken first. The package tries all lengths up to that of the word, also those that no piece has. */
function quickenWordPieces(model: WordPieces): void {
  const { tokens_to_ids: ids, config, unk_token: unknown, max_input_chars_per_word: most } = model;
  const further = config.continuing_subword_prefix;
  let longest = 0;
  for (const piece of ids.keys()) longest = Math.max(longest, piece.length);
  const pieceAt = (word: string, begin: number): number => {
    const prefix = begin === 0 ? '' : further;
    for (let end = Math.min(word.length, begin + longest); end > begin; end -= 1)
      if (ids.has(prefix + word.slice(begin, end))) return end;
    return NONE;
  };
  model.encode = (words) =>
    words.flatMap((word) => {
      if (word.length > most && Array.from(word).length > most) return [unknown];
      const pieces: string[] = [];
      for (let begin = 0; begin < word.length; ) {
        const end = pieceAt(word, begin);
        if (end === NONE) return [unknown];
        pieces.push((begin === 0 ? '' : further) + word.slice(begin, end));
        begin = end;
      }
      return pieces;
    });
}
