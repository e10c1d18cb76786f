/** A connection that is checked while a reply is expected from its replica. */
export interface Watched {
  /** Id of the replica. */
  readonly id: string;
  /** Number of requests of this router that the replica has begun and whose callers still wait. */
  readonly awaited: number;
  /** Called when the node of the replica is lost. */
  lose(): void;
  /** Returns false if there is nothing more to check. */
  onTick(): boolean;
}

export const TICK_MS = 50;

/** All connections of a router, and one slow timer for them. It runs while any of them is watched. */
export class LinkWatch {
  readonly #all = new Set<Watched>();
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  /** Registers a connection that may have requests, until `forget`. */
  know(link: Watched): void {
    this.#all.add(link);
  }

  forget(link: Watched): void {
    this.#all.delete(link);
  }

  /** To be called when the nodes of these replicas are lost. */
  lose(replicas: readonly string[]): void {
    const lost = new Set(replicas);
    for (const link of this.#all) if (lost.has(link.id)) link.lose();
  }

  /** Number of requests that the replica has begun and whose callers still wait, including those on connections that get no new requests. */
  awaitedAt(replica: string): number {
    let count = 0;
    for (const link of this.#all) if (link.id === replica) count += link.awaited;
    return count;
  }

  add(link: Watched): void {
    this.#watched.add(link);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** The timer calls this; tests may call it too. */
  tick(): void {
    for (const link of this.#watched) if (!link.onTick()) this.#watched.delete(link);
    if (this.#watched.size === 0) this.close();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
