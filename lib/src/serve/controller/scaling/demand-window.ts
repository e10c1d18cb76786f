import type { Demand } from '../../protocol/index.js';

/** A router whose main thread is blocked is believed for so many reports that it misses. */
const SILENT_INTERVALS = 3;

interface Sample {
  readonly from: number;
  readonly to: number;
  readonly average: number;
}

interface Source {
  samples: Sample[];
  present: number;
  /** Time of the last report. */
  at: number;
}

/** The load of one deployment as all routers told it; time of which nobody told counts as idle. */
export class DemandWindow {
  readonly #sources = new Map<string, Source>();
  /** Nothing is known of the time before. */
  readonly #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  /** @param source the router */
  add(source: string, { average, periodMs, now: present }: Demand, now: number): void {
    const known = this.#sources.get(source) ?? { samples: [], present: 0, at: now };
    known.samples.push({ from: now - periodMs, to: now, average });
    known.present = present;
    known.at = now;
    this.#sources.set(source, known);
  }

  /** These routers are gone, with their requests; what they told of the past stays. */
  remove(match: (source: string) => boolean): void {
    for (const [id, source] of this.#sources) if (match(id)) source.present = 0;
  }

  /** Nothing is told of the time that {@link average} looked at last, and nothing goes on. */
  get isIdle(): boolean {
    return this.#sources.size === 0;
  }

  /** Requests at the moment of the last reports. */
  get present(): number {
    let sum = 0;
    for (const { present } of this.#sources.values()) sum += present;
    return sum;
  }

  /**
   * The mean over the last `lookBackMs`; forgets what is older.
   * @param intervalMs how often routers tell: until the next report the last one goes on to hold, but not for ever
   */
  average(lookBackMs: number, intervalMs: number, now: number): number {
    const start = Math.max(this.#since, now - lookBackMs);
    let area = 0;
    for (const [id, source] of this.#sources) {
      source.samples = source.samples.filter(({ to }) => to > start);
      if (source.samples.length === 0 && source.present === 0) this.#sources.delete(id);
      for (const { from, to, average } of source.samples) {
        area += average * Math.max(0, to - Math.max(from, start));
      }
      const believedUntil = Math.min(now, source.at + SILENT_INTERVALS * intervalMs);
      area += source.present * Math.max(0, believedUntil - Math.max(start, source.at));
    }
    return now > start ? area / (now - start) : this.present;
  }
}
