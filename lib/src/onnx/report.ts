import { inspect } from 'node:util';
import type { RunIn } from './options.js';
import type { Device, RunPlace } from './types.js';

/** One device, and whether the model's session was made for it. */
export interface Attempt {
  readonly device: Device;
  /** `running`: the model's session was made for it. */
  readonly outcome: 'running' | 'failed' | 'not tried';
  /** Why the session was not made for it; `undefined` if it was. */
  readonly reason?: string;
}

/** What a report says about runs. The session changes. */
interface RunsReport {
  readonly asked: RunIn;
  readonly session: { readonly place: RunPlace };
  /** Why runs are made in the loop although nobody asked for that. */
  readonly loopReason: string | null;
  /** Whether a session was refused that would run an operator on the CPU instead. */
  readonly isStrict?: boolean;
}

/**
 * For which execution provider a model's session was made, and why not for the others. As a text, it is a short table.
 *
 * A session for the CPU runs on the CPU. Another provider runs the operators for which it has a kernel; ONNX Runtime runs the others on the CPU, and says
 * which ones only in a profile of a run. With the option `strict`, there are none.
 */
export class DeviceReport {
  readonly #runs: RunsReport;

  constructor(
    /** The `device` that was asked for. */
    readonly requested: Device | 'auto',
    readonly device: Device,
    /** ONNX Runtime's name of the provider. */
    readonly provider: string,
    /** Version of ONNX Runtime. */
    readonly runtime: string,
    /** The number of threads for one operator; 0 means that ONNX Runtime uses one for each core. */
    readonly intraOpThreads: number,
    readonly attempts: readonly Attempt[],
    runs: RunsReport,
    /** What kind of device it is, if that says something: `software Vulkan` is a CPU that acts as a GPU. */
    readonly adapter?: string,
  ) {
    this.#runs = runs;
  }

  /** Why the model does not run on the devices that come before its own: one sentence for each. */
  get failures(): readonly string[] {
    return this.attempts.flatMap(({ device, outcome, reason }) =>
      outcome === 'running' || device === this.device
        ? []
        : [`${device} ${outcome === 'failed' ? 'failed' : 'was not tried'}: ${reason ?? ''}`],
    );
  }

  /** The place of runs, as it was asked for. */
  get runIn(): RunIn {
    return this.#runs.asked;
  }

  /** The place of runs now: `beside` the event loop, or in the `loop`. With `runIn: 'auto'` it changes with the time that runs take. */
  get place(): RunPlace {
    return this.#runs.session.place;
  }

  /** Why runs are made in the event loop although nobody asked for that; null if they are not. */
  get loopReason(): string | null {
    return this.#runs.loopReason;
  }

  /** Whether a signal, a timeout or the end of a request can end a run. If `runIn` is `auto`, this holds for runs that are not short. */
  get canEnd(): boolean {
    return this.#runs.asked !== 'loop' && this.#runs.loopReason === null;
  }

  toString(): string {
    const threads =
      this.device !== 'cpu'
        ? ''
        : this.intraOpThreads === 0
          ? ', a thread for each core'
          : `, ${this.intraOpThreads} thread${this.intraOpThreads === 1 ? '' : 's'}`;
    const made = `${this.device} (${this.adapter === undefined ? '' : `${this.adapter}, `}${this.provider}, ONNX Runtime ${this.runtime}${threads})`;
    const head =
      this.device === 'cpu'
        ? `runs on ${made}; asked for: ${this.requested}`
        : `made for ${made}, ${this.#describeOthers()}; asked for: ${this.requested}`;
    const lines = this.attempts.map(
      ({ device, outcome, reason }) => `  ${device.padEnd(7)} ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
    );
    return [head, this.#describeRuns(), ...lines].join('\n');
  }

  #describeOthers(): string {
    return this.#runs.isStrict === true ? 'and no operator runs on the CPU' : 'operators without a kernel for it run on the CPU';
  }

  #describeRuns(): string {
    const { loopReason } = this.#runs;
    if (!this.canEnd) return `  in the event loop, and no run can be ended${loopReason === null ? '' : `: ${loopReason}`}`;
    if (this.place === 'beside') return '  beside the event loop, and a run can be ended';
    return '  in the event loop, because runs are short; longer ones are made beside it and can be ended';
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * What somebody should know who left the choice of the device to `auto`.
 * @param isCountedOn whether they count on a GPU: they asked for `auto`, or a GPU is reserved
 * @returns null if the best device was taken, or if nobody counts on a GPU and no device has failed
 */
export function fallbackOf(name: string, report: DeviceReport, isCountedOn: boolean): string | null {
  const { requested, device, attempts, failures } = report;
  const hasFailed = attempts.some(({ outcome }) => outcome === 'failed');
  if (requested !== 'auto' || !(device === 'cpu' ? isCountedOn : hasFailed)) return null;
  const before = device === 'cpu' ? failures : failures.filter((_, i) => attempts[i]?.outcome === 'failed');
  return `${name} runs on ${device === 'cpu' ? 'the CPU' : device}. ${before.join('. ')}`;
}
