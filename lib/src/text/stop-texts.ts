/**
 * Looks for texts that end an answer. Text that may be the beginning of one is held back, so that no part of a stop text is ever given.
 */
export class StopTexts {
  #held = '';

  readonly #stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Adds text, and returns what can be given. `isStopped`: a stop text was found, and nothing after it counts. */
  push(text: string): { readonly text: string; readonly isStopped: boolean } {
    const all = this.#held + text;
    const found = this.#stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#held = '';
      return { text: all.slice(0, Math.min(...found)), isStopped: true };
    }
    const held = Math.max(0, ...this.#stops.map((stop) => begunAtEnd(all, stop)));
    this.#held = all.slice(all.length - held);
    return { text: all.slice(0, all.length - held), isStopped: false };
  }

  /** What was held back, when no more text comes. */
  end(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** How many characters at the end of `text` are the beginning of `stop`. */
function begunAtEnd(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
