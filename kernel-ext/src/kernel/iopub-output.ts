import type { PublishedExtras } from '../control/index.js';
import type { CaptureTaker, DisplayBundle, Output, OutputCapture } from '../session/index.js';

/** The receiver of a cell's output; in the kernel, the control thread. */
export interface Publisher {
  stream(name: 'stdout' | 'stderr', text: string, parent: string): void;
  publish(type: string, content: unknown, parent: string, extras?: PublishedExtras): void;
  capture?(taker: CaptureTaker, parent: string): OutputCapture | undefined;
}

/** How many prints without a turn of the event loop between them are sent at once, each alone. Then prints are collected. */
const EAGER_PRINTS = 64;
/** Collected prints are sent when they are this long, in UTF-16 units. */
const BATCH_UNITS = 32 * 1024;
/** Collected prints are sent when the first is this old and the code prints again. */
const BATCH_MS = 20;

// Saved now, because user code may replace the global.
const now = performance.now.bind(performance);

/**
 * One cell's output. The cell's request is always its parent, so that what a timer prints later still belongs to its cell.
 * The control thread joins prints. Here they are sent as soon as possible, because the code that printed may block this thread next.
 */
export class IopubOutput implements Output {
  readonly input?: (prompt: string, password: boolean, signal?: AbortSignal) => Promise<string>;
  readonly colors?: 'errors' | 'all';
  /** What the reply tells the front end to do. */
  readonly payload: object[] = [];
  readonly request: string;
  readonly #publisher: Publisher;
  readonly #later: (work: () => void) => void;
  #eager = EAGER_PRINTS;
  #name: 'stdout' | 'stderr' = 'stdout';
  #parts: string[] = [];
  #units = 0;
  #since = 0;
  #scheduled = false;

  /** @param request its header, as JSON @param later runs its argument in the next turn of the event loop */
  constructor(
    publisher: Publisher,
    request: string,
    later: (work: () => void) => void,
    { input, colors }: Pick<Output, 'input' | 'colors'> = {},
  ) {
    this.#publisher = publisher;
    this.request = request;
    this.#later = later;
    if (input) this.input = input;
    if (colors) this.colors = colors;
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    this.#schedule();
    if (this.#eager > 0 && this.#units === 0) {
      this.#eager -= 1;
      this.#publisher.stream(name, text, this.request);
      return;
    }
    if (name !== this.#name) this.flush();
    this.#name = name;
    if (this.#units === 0) this.#since = now();
    this.#parts.push(text);
    this.#units += text.length;
    if (this.#units >= BATCH_UNITS || now() - this.#since > BATCH_MS) this.flush();
  }

  display(bundle: DisplayBundle, options: { displayId?: string; update?: boolean } = {}): void {
    const transient = options.displayId === undefined ? {} : { display_id: options.displayId };
    this.#publish(options.update ? 'update_display_data' : 'display_data', {
      data: bundle.data,
      metadata: bundle.metadata,
      transient,
    });
  }

  capture(taker: CaptureTaker): OutputCapture | undefined {
    this.flush();
    return this.#publisher.capture?.(taker, this.request);
  }

  /** Front ends show it as the next cell when the reply to this cell arrives. */
  nextInput(text: string): void {
    this.payload.push({ source: 'set_next_input', text, replace: false });
  }

  clear(wait: boolean): void {
    this.#publish('clear_output', { wait });
  }

  /** Sends the collected prints. */
  flush(): void {
    if (this.#units === 0) return;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#units = 0;
    this.#publisher.stream(this.#name, text, this.request);
  }

  #publish(type: string, content: unknown): void {
    this.flush();
    this.#publisher.publish(type, content, this.request);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => {
      this.#scheduled = false;
      this.#eager = EAGER_PRINTS;
      this.flush();
    });
  }
}
