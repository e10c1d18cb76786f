import type { Demand } from '../protocol/index.js';

/** Tells the controller; false where that is away. */
export type SendDemand = (demand: Demand) => boolean;

const LONGEST_SAMPLE_MS = 100;
const SHORTEST_SAMPLE_MS = 10;
/** Samples for each report, at least. */
const SAMPLES = 5;

/**
 * Measures the load of one deployment by sampling, and tells it: at once when load comes after none, then at each interval while there is any,
 * and once when it has ended. Idle it costs nothing.
 */
export class DemandMeter {
  readonly #read: () => number;
  readonly #send: SendDemand;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #sum = 0;
  #samples = 0;
  #reportedAt = 0;
  #unsent = false;
  /** Requests came that were refused because no replica can be started: told as one request. */
  #knocked = false;

  constructor(intervalMs: number, read: () => number, send: SendDemand, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#read = () => read() + (this.#knocked ? 1 : 0);
    this.#send = send;
    this.#now = now;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** There is load now. */
  wake(): void {
    if (this.#timer !== null) return;
    const sampleMs = Math.max(SHORTEST_SAMPLE_MS, Math.min(LONGEST_SAMPLE_MS, this.#intervalMs / SAMPLES));
    this.#timer = setInterval(() => this.sample(), sampleMs);
    this.#timer.unref();
    this.#reportedAt = this.#now();
    this.tell();
  }

  /** A request is refused at once, and the controller is to learn that it came: at once after none, else at the next interval. */
  knock(): void {
    this.#knocked = true;
    this.wake();
  }

  /** Tells the present load, out of turn: somebody waits. */
  tell(): void {
    if (this.#timer === null) return;
    this.#report();
  }

  /** The timer calls it; tests may. */
  sample(): void {
    this.#sum += this.#read();
    this.#samples += 1;
    if (!this.#unsent && this.#now() - this.#reportedAt < this.#intervalMs) return;
    const wasIdle = this.#sum === 0;
    this.#report();
    if (wasIdle && !this.#unsent) this.stop();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#sum = 0;
    this.#samples = 0;
  }

  #report(): void {
    const now = this.#now();
    const present = this.#read();
    const average = this.#samples === 0 ? present : this.#sum / this.#samples;
    this.#unsent = !this.#send({ average, periodMs: now - this.#reportedAt, now: present });
    if (this.#unsent) return;
    this.#knocked = false;
    this.#reportedAt = now;
    this.#sum = 0;
    this.#samples = 0;
  }
}
