/** What is looked at while something is expected of it. */
export interface Watched {
  /** Returns false where there is nothing more to look at. */
  onTick(): boolean;
}

export const TICK_MS = 50;

/** One slow timer for all connections of a router; it runs while any of them is watched. */
export class LinkWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  add(link: Watched): void {
    this.#watched.add(link);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** The timer calls it; tests may. */
  tick(): void {
    for (const link of this.#watched) if (!link.onTick()) this.#watched.delete(link);
    if (this.#watched.size === 0) this.close();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
