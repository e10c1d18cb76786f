import type { JournalBatch } from '../agent-ops.js';

interface Entry<T> {
  readonly value: T;
  readonly bytes: number;
}

const BATCH_MAX = 1000;
const BATCH_BYTES = 256 * 1024;

/**
 * The latest entries of a stream that readers pull at their own pace: a slow reader (a notebook whose cell blocks) holds up nobody
 * and costs no memory beyond `limitBytes`.
 */
export class Journal<T> {
  #entries: Entry<T>[] = [];
  /** Index in `#entries` of the oldest one kept; those before it are dropped in bulk. */
  #start = 0;
  /** Number of the entry at `#start`, from 1. */
  #first = 1;
  #bytes = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();
  readonly #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#first + (this.#entries.length - this.#start) - 1;
  }

  append(value: T, bytes: number): void {
    if (this.#ended) return;
    this.#entries.push({ value, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#limitBytes && this.#start < this.#entries.length - 1) {
      this.#bytes -= (this.#entries[this.#start] as Entry<T>).bytes;
      this.#start += 1;
      this.#first += 1;
    }
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    this.#wake();
  }

  /** No more entries; readers get what is left. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What came after entry `after`, for which `keep` holds. */
  read(after: number, keep: (value: T) => boolean = () => true): JournalBatch<T> {
    const from = Math.max(after + 1, this.#first);
    const missed = from - (after + 1);
    const entries: T[] = [];
    let bytes = 0;
    let number = from;
    for (; number <= this.last && entries.length < BATCH_MAX && bytes < BATCH_BYTES; number += 1) {
      const entry = this.#entries[this.#start + number - this.#first] as Entry<T>;
      if (!keep(entry.value)) continue;
      entries.push(entry.value);
      bytes += entry.bytes;
    }
    return { entries, last: number - 1, missed, ended: this.#ended && number > this.last };
  }

  /** Like {@link read}, once there is something to say, or `isOver` (looked at whenever something happened) ends the wait. */
  async next(after: number, keep?: (value: T) => boolean, isOver: () => boolean = () => false): Promise<JournalBatch<T>> {
    let position = after;
    for (;;) {
      const over = isOver();
      const batch = this.read(position, keep);
      if (batch.entries.length > 0 || batch.missed > 0 || batch.ended) return batch;
      if (over) return { ...batch, ended: true };
      position = batch.last;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Makes those who wait look at their `isOver` again. */
  poke(): void {
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
