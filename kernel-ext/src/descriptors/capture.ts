import { writeAll } from './marks.js';
import type { StreamName } from './output-order.js';

/** Begins or ends a capture. It is put in order with what comes through the descriptors. A second beginning forgets what was captured before it. */
export interface CaptureStep {
  /** The number of the capture. */
  readonly capture: number;
  readonly step: 'begin' | 'end';
}

/** What the reader sends back: a step that it has come to, or a text between two steps. */
export type Captured = CaptureStep | { readonly capture: number; readonly name: StreamName; readonly text: string };

/** Gets what was captured, in order. */
export interface CaptureTaker {
  begin(): void;
  text(name: StreamName, text: string): void;
}

let count = 0;

/**
 * Captures all output of a cell, in the thread that runs it. The cell's own prints go through the descriptors too, so that they are in order with what children
 * and native code print.
 */
export class Capture {
  readonly #number = ++count;
  readonly #tell: (step: CaptureStep) => void;
  readonly #taker: CaptureTaker;
  readonly #ended: Promise<void>;
  #end = (): void => {};

  /** @param tell sends a step to the reader */
  constructor(tell: (step: CaptureStep) => void, taker: CaptureTaker) {
    this.#tell = tell;
    this.#taker = taker;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.clear();
  }

  print(name: StreamName, text: string): void {
    // User code may have closed it.
    if (!writeAll(name === 'stdout' ? 1 : 2, text)) this.#taker.text(name, text);
  }

  clear(): void {
    this.#tell({ capture: this.#number, step: 'begin' });
  }

  /** Resolves when everything has come. */
  end(): Promise<void> {
    this.#tell({ capture: this.#number, step: 'end' });
    return this.#ended;
  }

  /** To be called with what the reader sends. A cell that was terminated may have left a capture open. */
  got(captured: Captured): void {
    if (captured.capture !== this.#number) return;
    if ('text' in captured) this.#taker.text(captured.name, captured.text);
    else if (captured.step === 'begin') this.#taker.begin();
    else this.#end();
  }
}

/** The reader's part of captures. */
export class CaptureReader {
  readonly #send: (captured: Captured) => void;
  #open: number | undefined;

  constructor(send: (captured: Captured) => void) {
    this.#send = send;
  }

  take({ capture, step }: CaptureStep): void {
    this.#open = step === 'begin' ? capture : undefined;
    this.#send({ capture, step });
  }

  /** A cell begins. The one before it may have been terminated. */
  cellBegins(): void {
    this.#open = undefined;
  }

  /** @returns false if nothing captures the text */
  text(name: StreamName, text: string): boolean {
    if (this.#open !== undefined) this.#send({ capture: this.#open, name, text });
    return this.#open !== undefined;
  }
}
