import type { Capture, Captures, CaptureTaker } from '../descriptors/index.js';
import { colorsUnwanted } from '../display/index.js';
import type { DisplayBundle, ErrorOutcome, Output } from '../session/index.js';
import type { EventChannel } from './event-channel.js';

/** A cell's output in the runner's process. It is sent to the parent process, which puts it into the notebook. */
export class CellEvents implements Output {
  readonly colors?: 'errors';
  readonly #channel: EventChannel;
  readonly #cell: number;
  readonly #captures: Captures<number>;

  constructor(channel: EventChannel, cell: number, captures: Captures<number>) {
    this.#captures = captures;
    this.#channel = channel;
    this.#cell = cell;
    if (!colorsUnwanted()) this.colors = 'errors';
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    if (text !== '') this.#channel.tell({ kind: 'stream', cell: this.#cell, name, text });
    // node:test sets the exit code before it prints which test failed, so the exit code is reported after the text.
    this.tellExitCode();
  }

  /** Reports an exit code that is not 0. The cell has then failed, as a program with this exit code has failed. */
  tellExitCode(): void {
    const { exitCode } = process;
    if (exitCode === undefined || Number(exitCode) === 0) return;
    process.exitCode = undefined;
    this.#channel.tell({ kind: 'exit-code', cell: this.#cell, exitCode: String(exitCode) });
  }

  display(bundle: DisplayBundle, options: { displayId?: string; update?: boolean } = {}): void {
    this.#channel.tell({ kind: 'display', cell: this.#cell, bundle, ...options });
  }

  clear(wait: boolean): void {
    this.#channel.tell({ kind: 'clear', cell: this.#cell, wait });
  }

  capture(taker: CaptureTaker): Capture {
    return this.#captures.begin(
      this.#cell,
      (captured) => this.#channel.tell({ kind: 'capture', cell: this.#cell, ...captured }),
      taker,
    );
  }

  failed(error: ErrorOutcome, what: string): void {
    this.#channel.tell({ kind: 'stray', cell: this.#cell, error, what });
  }
}
