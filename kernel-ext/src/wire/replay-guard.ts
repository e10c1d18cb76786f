/** Remembers the signatures of the last messages, so that a recorded message is not accepted a second time. */
export class ReplayGuard {
  readonly #limit: number;
  #recent = new Set<string>();
  #older = new Set<string>();

  /** @param limit how many signatures are remembered at least (at most twice as many) */
  constructor(limit = 1 << 16) {
    this.#limit = limit;
  }

  /** False where this signature was seen before. */
  admit(signature: string): boolean {
    if (this.#recent.has(signature) || this.#older.has(signature)) return false;
    this.#recent.add(signature);
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    return true;
  }
}
