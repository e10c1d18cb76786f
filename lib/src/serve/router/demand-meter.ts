import type { Demand } from '../protocol/index.js';

/** Sends the demand to the controller; returns false if the controller cannot be reached. */
export type SendDemand = (demand: Demand) => boolean;

const LONGEST_SAMPLE_MS = 100;
const SHORTEST_SAMPLE_MS = 10;
/** Smallest number of samples in each report. */
const SAMPLES = 5;

/**
 * Measures the load of one deployment by sampling, and reports it: at once when load begins, then at each interval while there is load, and once when
 * it has ended. Without load it does nothing.
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
  /** True if requests were refused because no replica can be started. They are reported as one request. */
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

  /** Whether it has reported load, and not yet that there is none. */
  get isAwake(): boolean {
    return this.#timer !== null;
  }

  /** To be called when there is load. */
  wake(): void {
    if (this.#timer !== null) return;
    const sampleMs = Math.max(SHORTEST_SAMPLE_MS, Math.min(LONGEST_SAMPLE_MS, this.#intervalMs / SAMPLES));
    this.#timer = setInterval(() => this.sample(), sampleMs);
    this.#timer.unref();
    this.#reportedAt = this.#now();
    this.tell();
  }

  /**
   * To be called when a request was refused at once. The controller must learn of it: at once if there was no load before, otherwise at the next
   * interval.
   */
  knock(): void {
    this.#knocked = true;
    this.wake();
  }

  /** Reports the current load without waiting for the interval, because requests wait. */
  tell(): void {
    if (this.#timer === null) return;
    this.#report();
  }

  /** Takes a sample. The timer calls this; tests may call it too. */
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

/** The meter for this interval: the current one if it has the same. Without an interval or a receiver there is none. */
export function meterFor(
  current: DemandMeter | null,
  intervalMs: number | undefined,
  demand: () => number,
  send: SendDemand | undefined,
): DemandMeter | null {
  if (current !== null && current.intervalMs === intervalMs) return current;
  // What the current one has reported holds until the next report.
  const isTold = current?.isAwake === true;
  current?.stop();
  if (intervalMs === undefined || send === undefined) return null;
  const meter = new DemandMeter(intervalMs, demand, send);
  if (isTold || demand() > 0) meter.wake();
  return meter;
}
