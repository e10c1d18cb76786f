import { addLatencies, type MirrorTally, type RuleTally, type Tally } from '../../protocol/index.js';

interface OpenTally extends Tally {
  requests: number;
  failures: number;
  readonly latencies: Record<number, number>;
}

const nothing = (): OpenTally => ({ requests: 0, failures: 0, latencies: {} });

/** The reports of all proxies about one rule since a certain time. */
export class TrafficWindow {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly mirror: OpenTally & { dropped: number; streamed: number } = { ...nothing(), dropped: 0, streamed: 0 };
  readonly #versions = new Map<string, OpenTally>();

  constructor(now: number) {
    this.since = now;
  }

  add({ versions, mirror }: RuleTally): void {
    for (const [app, tally] of Object.entries(versions)) {
      const known = this.#versions.get(app) ?? nothing();
      this.#versions.set(app, known);
      sum(known, tally);
    }
    if (mirror !== null) this.#addMirror(mirror);
  }

  of(app: string): Tally {
    return this.#versions.get(app) ?? nothing();
  }

  #addMirror(mirror: MirrorTally): void {
    sum(this.mirror, mirror);
    this.mirror.dropped += mirror.dropped;
    this.mirror.streamed += mirror.streamed;
  }
}

function sum(known: OpenTally, { requests, failures, latencies }: Tally): void {
  known.requests += requests;
  known.failures += failures;
  addLatencies(known.latencies, latencies);
}
