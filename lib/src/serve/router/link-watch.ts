/** What is looked at while something is expected of it. */
export interface Watched {
  /** Of the replica. */
  readonly id: string;
  /** Requests of this router that it has begun and that somebody waits for. */
  readonly awaited: number;
  /** Returns false where there is nothing more to look at. */
  onTick(): boolean;
}

export const TICK_MS = 50;

/** All connections of a router, and one slow timer for them; it runs while any of them is watched. */
export class LinkWatch {
  readonly #all = new Set<Watched>();
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  /** A connection that may have requests, until it is forgotten. */
  know(link: Watched): void {
    this.#all.add(link);
  }

  forget(link: Watched): void {
    this.#all.delete(link);
  }

  /** Requests that the replica has begun and that somebody waits for, also over connections that get no new ones. */
  awaitedAt(replica: string): number {
    let count = 0;
    for (const link of this.#all) if (link.id === replica) count += link.awaited;
    return count;
  }

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
