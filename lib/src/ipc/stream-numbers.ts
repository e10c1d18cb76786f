/** The numbers of the streams that one side of a channel opens: odd ones for the connecting side, even ones for the accepting side. */
export class StreamNumbers {
  readonly #parity: number;
  #next: number;

  constructor(side: 'connecting' | 'accepting') {
    this.#parity = side === 'connecting' ? 1 : 0;
    this.#next = side === 'connecting' ? 1 : 2;
  }

  isOurs(stream: number): boolean {
    return (stream & 1) === this.#parity;
  }

  /** Numbers are used again after 2^31 calls, unless they are still in use. */
  take(used: { has(stream: number): boolean }): number {
    const taken = this.#next;
    do this.#next = (this.#next + 2) >>> 0;
    while (this.#next === 0 || used.has(this.#next));
    return taken;
  }
}
