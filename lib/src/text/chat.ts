import type { Generation } from './generation.js';
import type { GenerateValues } from './options.js';
import { chooseToken, randomNumbers } from './sampler.js';
import { StopTexts } from './stop-texts.js';
import { TokenText } from './token-text.js';
import type { Tokenizer } from './tokenizer.js';

/** One answer in the making: which token comes next, what text is given, and when it ends. */
export class Chat {
  readonly #text: TokenText;
  readonly #stops: StopTexts;
  readonly #random: () => number;
  /** Tokens of the answer so far. */
  #count = 0;
  /** The token that the model gets next. */
  lastToken = 0;
  isEnded = false;

  constructor(
    readonly prompt: readonly number[],
    readonly generation: Generation,
    private readonly tokenizer: Tokenizer,
    private readonly values: GenerateValues,
    /** The most tokens of the answer. */
    private readonly limit: number,
  ) {
    this.#text = new TokenText((tokens) => tokenizer.decode(tokens));
    this.#stops = new StopTexts(values.stop);
    this.#random = randomNumbers(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  }

  /** Chooses the next token. @param logits one for each token of the vocabulary */
  take(logits: Float32Array): void {
    const token = chooseToken(logits, this.values, this.#random);
    this.lastToken = token;
    this.#count += 1;
    if (this.tokenizer.endTokens.has(token)) {
      this.#finish('stop');
      return;
    }
    const { text, isStopped } = this.#stops.push(this.#text.push(token));
    this.generation.give(text);
    if (isStopped) this.#end('stop');
    else if (this.#count >= this.limit) this.#finish('length');
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
