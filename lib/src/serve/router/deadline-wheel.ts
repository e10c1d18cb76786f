import { afterArrivals } from '../../core/index.js';

/** An entry with a deadline. The links belong to the wheel, so that adding and removing allocate nothing. */
export interface Expiring {
  /** Time by the wheel's clock, in milliseconds. */
  expiresAt: number;
  wheelNext: Expiring | null;
  wheelPrevious: Expiring | null;
  onExpired(): void;
}

const TICK_MS = 16;
const SLOTS = 512;

/**
 * The deadlines of many requests with one timer: a hashed wheel with O(1) insert and remove. An entry expires up to two ticks late, and never early.
 * Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 6.
 */
export class DeadlineWheel {
  readonly #slots: (Expiring | null)[] = new Array<Expiring | null>(SLOTS).fill(null);
  readonly #now: () => number;
  #tick = 0;
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#count;
  }

  add(entry: Expiring, timeoutMs: number): void {
    const now = this.#now();
    entry.expiresAt = now + timeoutMs;
    if (this.#count === 0) this.#tick = Math.floor(now / TICK_MS);
    const slot = slotOf(entry);
    const head = this.#slots[slot] ?? null;
    entry.wheelNext = head;
    entry.wheelPrevious = null;
    if (head !== null) head.wheelPrevious = entry;
    this.#slots[slot] = entry;
    this.#count += 1;
    this.#timer ??= setInterval(() => this.#onTick(), TICK_MS).unref();
  }

  /** The entry must be in the wheel. */
  remove(entry: Expiring): void {
    const { wheelNext: next, wheelPrevious: previous } = entry;
    if (previous === null) this.#slots[slotOf(entry)] = next;
    else previous.wheelNext = next;
    if (next !== null) next.wheelPrevious = previous;
    entry.wheelNext = null;
    entry.wheelPrevious = null;
    this.#count -= 1;
  }

  /** Since the last tick, no answer can have been read if this one is late. */
  #onTick(): void {
    afterArrivals((this.#tick + 1) * TICK_MS, this.#advance);
  }

  readonly #advance = (): void => this.advance();

  /** Removes every entry whose time is over, and calls its `onExpired`. The timer calls this; tests may call it too. */
  advance(): void {
    if (this.#count === 0) {
      this.#stop();
      return;
    }
    const now = this.#now();
    const tick = Math.floor(now / TICK_MS);
    const first = Math.max(this.#tick, tick - SLOTS + 1);
    this.#tick = tick;
    const expired: Expiring[] = [];
    for (let t = first; t <= tick; t += 1) {
      for (let entry = this.#slots[t % SLOTS] ?? null; entry !== null; entry = entry.wheelNext) {
        if (entry.expiresAt <= now) expired.push(entry);
      }
    }
    for (const entry of expired) {
      // The callback of an earlier entry may have removed this one.
      if (entry.wheelNext === null && entry.wheelPrevious === null && this.#slots[slotOf(entry)] !== entry) continue;
      this.remove(entry);
      entry.onExpired();
    }
  }

  close(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

const slotOf = (entry: Expiring): number => Math.floor(entry.expiresAt / TICK_MS) % SLOTS;
