import type { Generation } from './generation.js';
import { JsonForm } from './json-form.js';
import type { GenerateValues } from './options.js';
import { chooseToken, randomNumbers } from './sampler.js';
import { StopTexts } from './stop-texts.js';
import { TokenText } from './token-text.js';
import type { Tokenizer } from './tokenizer.js';

/** After so many tokens that cannot come, all tokens are looked at. */
const MOST_TRIES = 100;

/** One answer in the making: which token comes next, what text is given, and when it ends. */
export class Chat {
  readonly #text: TokenText;
  readonly #stops: StopTexts;
  readonly #random: () => number;
  readonly #json: JsonForm | undefined;
  /** Tokens of the answer so far. */
  #count = 0;
  /** The token that the model gets next. */
  lastToken = 0;
  isEnded = false;

  readonly #tokenizer: Tokenizer;
  readonly #values: GenerateValues;
  /** The most tokens of the answer. */
  readonly #limit: number;
  /** The most tokens of the prompt and the answer together. */
  readonly mostTokens: number;

  constructor(
    readonly prompt: readonly number[],
    readonly generation: Generation,
    tokenizer: Tokenizer,
    values: GenerateValues,
    limit: number,
  ) {
    this.#tokenizer = tokenizer;
    this.#values = values;
    this.#limit = limit;
    this.mostTokens = prompt.length + limit;
    this.#text = new TokenText((tokens) => tokenizer.decode(tokens));
    this.#stops = new StopTexts(values.stop);
    this.#json = values.format === 'json' ? new JsonForm() : undefined;
    this.#random = randomNumbers(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  }

  /** Chooses the next token. @param logits one for each token of the vocabulary */
  take(logits: Float32Array): void {
    const token =
      this.#json === undefined ? chooseToken(logits, this.#values, this.#random) : this.#jsonToken(logits, this.#json);
    this.lastToken = token;
    this.#count += 1;
    if (this.#tokenizer.endTokens.has(token)) {
      this.#finish('stop');
      return;
    }
    const { text, isStopped } = this.#stops.push(this.#text.push(token));
    this.generation.give(text);
    if (isStopped) this.#end('stop');
    else if (this.#json?.isComplete) this.#finish('stop');
    else if (this.#count >= this.#limit) this.#finish('length');
  }

  /** Chooses among the tokens with which the text can still become a JSON object. */
  #jsonToken(logits: Float32Array, json: JsonForm): number {
    const left = logits.slice();
    const textOf = (token: number) => this.#tokenizer.textOf(token, this.#count === 0);
    for (let tries = 1; ; tries += 1) {
      const token = chooseToken(left, this.#values, this.#random);
      const text = textOf(token);
      if (!this.#tokenizer.endTokens.has(token) && json.allows(text)) {
        json.push(text);
        return token;
      }
      // To take out what was chosen and to choose again has the same outcome as to look at all tokens first, and most often it is far less work.
      left[token] = Number.NEGATIVE_INFINITY;
      // A vocabulary without the characters of JSON: the answer ends as it is.
      if (tries > left.length) return this.#tokenizer.endTokens.values().next().value ?? token;
      if (tries !== MOST_TRIES) continue;
      for (let other = 0; other < left.length; other += 1)
        if (!json.allows(textOf(other))) left[other] = Number.NEGATIVE_INFINITY;
    }
  }

  /** Ends it without an answer. */
  fail(error: unknown): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.generation.fail(error);
  }

  /** Gives what was held back, since nothing follows that could make a stop text or a character of it. */
  #finish(reason: 'stop' | 'length'): void {
    const rest = this.#stops.push(this.#text.end());
    this.generation.give(rest.isStopped ? rest.text : rest.text + this.#stops.end());
    this.#end(rest.isStopped ? 'stop' : reason);
  }

  #end(reason: 'stop' | 'length'): void {
    this.isEnded = true;
    this.generation.finish(reason, this.#count);
  }
}
