import { inspect } from 'node:util';
import type { Device } from './types.js';

/** What became of one device. */
export interface Attempt {
  readonly device: Device;
  readonly outcome: 'running' | 'failed' | 'not tried';
  /** Why it does not run; `undefined` for the one that does. */
  readonly reason?: string;
}

/** Which execution provider really runs a model, and why not the others. Prints as a short table. */
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
    const head = `runs on ${this.device} (${this.provider}, ONNX Runtime ${this.runtime}${threads}); asked for: ${this.requested}`;
    const lines = this.attempts.map(
      ({ device, outcome, reason }) => `  ${device.padEnd(7)} ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
    );
    return [head, ...lines].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
