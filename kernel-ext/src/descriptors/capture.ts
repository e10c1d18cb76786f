import type { StreamName } from './output-order.js';

/** Begins or ends a capture. It is put in order with what comes through the descriptors. A second beginning forgets what was captured before it. */
export interface CaptureStep {
  /** The number of the capture. */
  readonly capture: number;
  readonly step: 'begin' | 'end';
}

/** A step, or a text of the capture: what the cell itself prints goes to the reader, and the reader sends back all texts, in order. */
export type Captured = CaptureStep | { readonly capture: number; readonly name: StreamName; readonly text: string };

/** Gets what was captured, in order. */
export interface CaptureTaker {
  begin(): void;
  text(name: StreamName, text: string): void;
}

let count = 0;

/**
 * Captures all output of a cell, in the thread that runs it. The cell's own prints go to the reader too, so that they are in order with what children and
 * native code print.
 */
export class Capture {
  readonly number = ++count;
  readonly #tell: (captured: Captured) => void;
  readonly #taker: CaptureTaker;
  readonly #ended: Promise<void>;
  #end = (): void => {};
  #isOver = false;

  /** @param tell sends something to the reader */
  constructor(tell: (captured: Captured) => void, taker: CaptureTaker) {
    this.#tell = tell;
    this.#taker = taker;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.clear();
  }

  /** True when it was told to end: it gets nothing that is printed from then on. */
  get isOver(): boolean {
    return this.#isOver;
  }

  print(name: StreamName, text: string): void {
    this.#tell({ capture: this.number, name, text });
  }

  clear(): void {
    this.#tell({ capture: this.number, step: 'begin' });
  }

  /** Resolves when everything has come. */
  end(): Promise<void> {
    this.#isOver = true;
    this.#tell({ capture: this.number, step: 'end' });
    return this.#ended;
  }

  /** To be called with what the reader sends of this capture. */
  got(captured: Captured): void {
    if ('text' in captured) this.#taker.text(captured.name, captured.text);
    else if (captured.step === 'begin') this.#taker.begin();
    else this.#end();
  }
}

/** The captures of all cells, in the thread that runs these. A cell may have several, one after the other. `C` is what names a cell. */
export class Captures<C> {
  readonly #open = new Map<number, { readonly cell: C; readonly capture: Capture }>();

  /** Begins a capture. @param tell sends something to the reader */
  begin(cell: C, tell: (captured: Captured) => void, taker: CaptureTaker): Capture {
    const capture = new Capture(tell, taker);
    this.#open.set(capture.number, { cell, capture });
    return capture;
  }

  /** The cell has ended. If its code was terminated, it may have left a capture open. */
  end(cell: C): void {
    for (const { cell: of, capture } of this.#open.values()) if (of === cell && !capture.isOver) void capture.end();
  }

  /** To be called with what the reader sends. */
  got(captured: Captured): void {
    this.#open.get(captured.capture)?.capture.got(captured);
    if ('step' in captured && captured.step === 'end') this.#open.delete(captured.capture);
  }
}

/** The reader's part of captures. `C` is what names a cell. */
export class CaptureReader<C> {
  readonly #send: (captured: Captured) => void;
  /** The capture of each cell that captures. */
  readonly #open = new Map<C, number>();

  constructor(send: (captured: Captured) => void) {
    this.#send = send;
  }

  /** @param cell the cell whose capture it is */
  take(cell: C, captured: Captured): void {
    const { capture } = captured;
    const isOpen = this.#open.get(cell) === capture;
    // Not the message itself, which may have more than that.
    if ('text' in captured) {
      if (isOpen) this.#send({ capture, name: captured.name, text: captured.text });
      return;
    }
    const { step } = captured;
    if (step === 'begin') this.#open.set(cell, capture);
    else if (isOpen) this.#open.delete(cell);
    this.#send({ capture, step });
  }

  /** @param cell the cell to which the text belongs @returns false if that cell captures nothing */
  text(cell: C, name: StreamName, text: string): boolean {
    const capture = this.#open.get(cell);
    if (capture !== undefined) this.#send({ capture, name, text });
    return capture !== undefined;
  }
}
