import type { JournalBatch } from '../agent-ops.js';

interface Entry<T> {
  readonly value: T;
  readonly bytes: number;
}

const BATCH_MAX = 1000;
const BATCH_BYTES = 256 * 1024;

/**
 * The latest entries of a stream, which each reader reads at its own speed. A slow reader, such as a notebook whose cell blocks, delays nobody and
 * costs at most `limitBytes` of memory.
 */
export class Journal<T> {
  #entries: Entry<T>[] = [];
  /** The index in `#entries` of the oldest entry that is kept. Those before it are removed many at a time. */
  #start = 0;
  /** The number of the entry at `#start`. Numbers begin at 1. */
  #first = 1;
  #bytes = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();
  readonly #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The number of the newest entry. */
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

  /** No more entries will come. Readers get the rest. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The entries after number `after` for which `keep` returns true. */
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

  /** Like {@link read}, but it waits until there is an entry, or until `isOver` returns true. `isOver` is called whenever the journal changes. */
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

  /** Makes the waiting readers call their `isOver` again. */
  poke(): void {
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
