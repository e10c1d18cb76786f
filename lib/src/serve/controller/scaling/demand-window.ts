import type { Demand } from '../../protocol/index.js';

/** If a router's main thread is blocked, its last report remains valid for this many missing reports. */
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

/** The load of one deployment, as all routers have reported it. Time without a report counts as idle. */
export class DemandWindow {
  readonly #sources = new Map<string, Source>();
  /** Nothing is known about the time before this. */
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

  /** To be called when these routers have ended with their requests. Their earlier reports are kept. */
  remove(match: (source: string) => boolean): void {
    for (const [id, source] of this.#sources) if (match(id)) source.present = 0;
  }

  /** True if there are no reports for the time of the last {@link average}, and no request is in progress. */
  get isIdle(): boolean {
    return this.#sources.size === 0;
  }

  /** Number of requests in the last reports. */
  get present(): number {
    let sum = 0;
    for (const { present } of this.#sources.values()) sum += present;
    return sum;
  }

  /**
   * The mean over the last `lookBackMs`. Older reports are dropped.
   * @param intervalMs how often routers report: the last report remains valid until the next one, but not for ever
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
