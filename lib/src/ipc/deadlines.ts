import { afterArrivals } from '../core/index.js';
import type { OutgoingStream } from './outgoing-call.js';

/** One timer for all calls of a channel. It is set to the earliest deadline, and looks through the calls when it fires. */
export class Deadlines {
  readonly #calls: Iterable<OutgoingStream>;
  readonly #expire: (call: OutgoingStream) => void;
  #timer: NodeJS.Timeout | null = null;
  #at = Number.POSITIVE_INFINITY;

  constructor(calls: Iterable<OutgoingStream>, expire: (call: OutgoingStream) => void) {
    this.#calls = calls;
    this.#expire = expire;
  }

  /** @param at time by the clock of `performance.now()` */
  add(at: number): void {
    if (at < this.#at) this.#arm(at);
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    this.clear();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#at = at;
    // A timer's delay has at most 31 bits. If the deadline is later, the timer is set again when it fires.
    const delay = Math.min(Math.max(1, Math.ceil(at - performance.now())), 0x7fffffff);
    this.#timer = setTimeout(() => afterArrivals(at, () => this.#sweep()), delay);
    this.#timer.unref();
  }

  #sweep(): void {
    this.clear();
    const now = performance.now();
    const expired: OutgoingStream[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#calls) {
      if (call.expiresAt <= now) expired.push(call);
      else if (call.expiresAt < next) next = call.expiresAt;
    }
    this.#arm(next);
    for (const call of expired) this.#expire(call);
  }
}
