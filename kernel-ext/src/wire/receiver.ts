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
    this.#read();
  }

  #read(): void {
    if (this.#source.closed) return;
    this.#source.receive().then(
      (frames) => {
        // The next read begins first, so that the reading goes on if the handler throws.
        this.#read();
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
