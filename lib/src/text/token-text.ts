/** What a character becomes of which only a part of the bytes is there. */
const INCOMPLETE = '\uFFFD';
/** Tokens that one character can need, because UTF-8 has at most four bytes for it. After more of them, the text is invalid and not incomplete. */
const LONGEST_CHARACTER = 4;

/** Turns tokens into text, one after the other. A character can consist of several tokens, so text is held back until its last character is complete. */
export class TokenText {
  /** The tokens of the last text. The next ones are decoded together with them, because a decoder can treat the first token of a text in another way. */
  #before: readonly number[] = [];
  #pending: number[] = [];

  readonly #decode: (tokens: readonly number[]) => string;

  constructor(decode: (tokens: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** Adds a token, and returns the text that is complete now, which can be empty. */
  push(token: number): string {
    this.#pending.push(token);
    const text = this.#text();
    if (text.endsWith(INCOMPLETE) && this.#pending.length < LONGEST_CHARACTER) return '';
    this.#before = this.#pending;
    this.#pending = [];
    return text;
  }

  /** What was held back, when no more tokens come. */
  end(): string {
    return this.#pending.length === 0 ? '' : this.#text();
  }

  #text(): string {
    return this.#decode([...this.#before, ...this.#pending]).slice(this.#decode(this.#before).length);
  }
}
