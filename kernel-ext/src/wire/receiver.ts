import { logToStderr } from './refusals.js';

interface Source {
  readonly closed: boolean;
  receive(): Promise<Buffer[]>;
}

/** Reads a socket until it closes. */
export class Receiver {
  readonly #source: Source;
  readonly #onFrames: (frames: Buffer[]) => void;

  constructor(source: Source, onFrames: (frames: Buffer[]) => void) {
    this.#source = source;
    this.#onFrames = onFrames;
    this.rearm();
  }

  /**
   * Makes sure that a read is under way. Terminating user code can end an innocent continuation of ours, and
   * with it the chain of reads; where a read is still pending, the second one fails with EBUSY and changes nothing.
   */
  rearm(): void {
    if (this.#source.closed) return;
    let reading: Promise<Buffer[]>;
    try {
      reading = this.#source.receive();
    } catch {
      return;
    }
    reading.then(
      (frames) => {
        // The next read is asked for first, so that a handler that throws or is terminated does not end the chain.
        this.rearm();
        this.#handle(frames);
      },
      // The socket was closed.
      () => {},
    );
  }

  #handle(frames: Buffer[]): void {
    try {
      this.#onFrames(frames);
    } catch (error) {
      logToStderr(`a message handler failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
}
