/** The `maxConcurrentBatches` places of a batched method. Those that make its batches, one for each model, share them. */
export class BatchPlaces {
  #limit: number;
  #taken = 0;
  /** In the order in which they get a place. */
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFree(): boolean {
    return this.#taken < this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#serve();
  }

  /** A resting batch that continues takes a place even if none is free. */
  take(): void {
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
    this.#serve();
  }

  /** Calls it once when a place is free: it takes that or not. */
  wait(go: () => void): void {
    this.#waiting.add(go);
  }

  leave(go: () => void): void {
    this.#waiting.delete(go);
  }

  #serve(): void {
    for (const go of this.#waiting) {
      if (!this.isFree) return;
      this.#waiting.delete(go);
      go();
    }
  }
}
