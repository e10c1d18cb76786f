import { latencyBucket, type RuleTally, type TrafficReport } from '../protocol/index.js';

interface OpenTally {
  requests: number;
  failures: number;
  readonly latencies: Record<number, number>;
}
interface OpenMirrorTally extends OpenTally {
  dropped: number;
  streamed: number;
}
interface OpenRule extends RuleTally {
  readonly versions: Record<string, OpenTally>;
  mirror: OpenMirrorTally | null;
}

/** The rule by which the version of a request was chosen. */
export interface MeteredRule {
  readonly prefix: string;
  readonly rule: number;
  readonly reportMs: number;
}

export interface TrafficMeterOptions {
  /** Sends a report to the controller; returns false if it cannot be reached. */
  readonly send: (report: TrafficReport) => boolean;
  /** Runs `action` after `delayMs`. */
  readonly after: (delayMs: number, action: () => void) => void;
}

/**
 * Counts the results of requests of split routes. It reports them at intervals while there is anything to report. If a report cannot be sent, its
 * counts are kept for the next one.
 */
export class TrafficMeter {
  readonly #options: TrafficMeterOptions;
  readonly #open = new Map<string, OpenRule>();
  #due = false;

  constructor(options: TrafficMeterOptions) {
    this.#options = options;
  }

  /** To be called when a request of `app` has ended. */
  record(rule: MeteredRule, app: string, failed: boolean, ms: number): void {
    const { versions } = this.#ruleOf(rule);
    versions[app] ??= { requests: 0, failures: 0, latencies: {} };
    add(versions[app], failed, ms);
  }

  /** To be called when a copy has ended. */
  recordCopy(rule: MeteredRule, failed: boolean, ms: number): void {
    add(this.#mirrorOf(rule), failed, ms);
  }

  /** To be called when a request was not copied: its version had no room, or the body was streamed. */
  recordUncopied(rule: MeteredRule, why: 'dropped' | 'streamed'): void {
    this.#mirrorOf(rule)[why] += 1;
  }

  #mirrorOf(rule: MeteredRule): OpenMirrorTally {
    const open = this.#ruleOf(rule);
    open.mirror ??= { requests: 0, failures: 0, latencies: {}, dropped: 0, streamed: 0 };
    return open.mirror;
  }

  #ruleOf({ prefix, rule, reportMs }: MeteredRule): OpenRule {
    const key = `${rule} ${prefix}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      open = { prefix, rule, versions: {}, mirror: null };
      this.#open.set(key, open);
    }
    if (!this.#due) this.#tellIn(reportMs);
    return open;
  }

  #tellIn(ms: number): void {
    this.#due = true;
    this.#options.after(ms, () => {
      this.#due = false;
      if (this.#options.send([...this.#open.values()])) this.#open.clear();
      else this.#tellIn(ms);
    });
  }
}

function add(tally: OpenTally, failed: boolean, ms: number): void {
  tally.requests += 1;
  if (failed) tally.failures += 1;
  const bucket = latencyBucket(ms);
  tally.latencies[bucket] = (tally.latencies[bucket] ?? 0) + 1;
}
