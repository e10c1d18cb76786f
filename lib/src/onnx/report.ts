import { inspect } from 'node:util';
import type { Device } from './types.js';

/** One device, and whether the model's session was made for it. */
export interface Attempt {
  readonly device: Device;
  /** `running`: the model's session was made for it. */
  readonly outcome: 'running' | 'failed' | 'not tried';
  /** Why the session was not made for it; `undefined` if it was. */
  readonly reason?: string;
}

/**
 * For which execution provider a model's session was made, and why not for the others. As a text, it is a short table.
 *
 * A session for the CPU runs on the CPU. Another provider runs the operators for which it has a kernel; ONNX Runtime runs the others on the CPU, and says
 * which ones only in a profile of a run.
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
    /** The number of threads for one operator; 0 means that ONNX Runtime uses one for each core. */
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
