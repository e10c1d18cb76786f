import { inspect } from 'node:util';
import type { Device } from './types.js';

/** What became of one device. */
export interface Attempt {
  readonly device: Device;
  /** `running`: the model's session was made for it. */
  readonly outcome: 'running' | 'failed' | 'not tried';
  /** Why it does not run; `undefined` for the one that does. */
  readonly reason?: string;
}

/**
 * Which execution provider a model's session was made for, and why not for the others. Prints as a short table.
 *
 * On the CPU that is what runs it. Another provider gets the operators that it has a kernel for; ONNX Runtime runs the rest on the CPU, and says which
 * only in a profile of a run.
 */
export class DeviceReport {
  constructor(
    /** The `device` that was asked for. */
    readonly requested: Device | 'auto',
    readonly device: Device,
    /** ONNX Runtime's name of the provider. */
    readonly provider: string,
    /** Version of ONNX Runtime. */
    readonly runtime: string,
    /** Threads for one operator; 0: ONNX Runtime takes one for each core. */
    readonly intraOpThreads: number,
    readonly attempts: readonly Attempt[],
  ) {}

  toString(): string {
    const threads =
      this.device !== 'cpu'
        ? ''
        : this.intraOpThreads === 0
          ? ', a thread for each core'
          : `, ${this.intraOpThreads} thread${this.intraOpThreads === 1 ? '' : 's'}`;
    const made = `${this.device} (${this.provider}, ONNX Runtime ${this.runtime}${threads})`;
    const head =
      this.device === 'cpu'
        ? `runs on ${made}; asked for: ${this.requested}`
        : `made for ${made}, operators without a kernel for it run on the CPU; asked for: ${this.requested}`;
    const lines = this.attempts.map(
      ({ device, outcome, reason }) => `  ${device.padEnd(7)} ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
    );
    return [head, ...lines].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
