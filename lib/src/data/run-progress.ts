import { beginProgress, CLEAR_LINE, hasProgressDisplay, type LineOutput, type Progress, replaceLine } from '../core/index.js';

/** What a run tells about itself. */
export interface RunState {
  /** Its stages, the last one of the plan first. */
  readonly stages: readonly { readonly name: string; readonly rows: number }[];
  /** How much of its source is read, 0 to 1; null if nobody knows. */
  share(): number | null;
}

/** A run that ends before shows nothing. */
const SHOWN_AFTER_MS = 2000;
const PAUSE_MS = 250;

/** True if somebody sees how far a run is: in a notebook, or in a terminal. In a log, each state would be a line of its own. */
export const isProgressShown = (output: LineOutput = process.stderr): boolean => hasProgressDisplay() || output.isTTY === true;

/** Shows how far a run is, if it takes long: a notebook shows a bar, and a terminal a line that changes. */
export class RunProgress {
  readonly #run: RunState;
  readonly #output: LineOutput;
  readonly #begun = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #bar: Progress | undefined;
  #said = '';

  constructor(run: RunState, output: LineOutput = process.stderr) {
    this.#run = run;
    this.#output = output;
    if (!isProgressShown(output)) return;
    const next = (afterMs: number): void => {
      this.#timer = setTimeout(() => {
        this.show();
        next(PAUSE_MS);
      }, afterMs).unref();
    };
    next(SHOWN_AFTER_MS);
  }

  /** Shows the state of now, if it differs from the last one. */
  show(): void {
    // The last stage has no rows yet while those before it are written down for it.
    const stage = this.#run.stages.find(({ rows }) => rows > 0);
    const share = this.#run.share();
    const done = share === null ? '' : `, ${Math.floor(share * 100)} % read`;
    const text = stage === undefined ? `reading${done}` : `${stage.name}: ${stage.rows.toLocaleString('en')} rows${done}`;
    if (text === this.#said) return;
    this.#said = text;
    if (hasProgressDisplay()) {
      this.#bar ??= beginProgress('data set');
      this.#bar.update(share, text);
    } else replaceLine(this.#output, text);
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#said === '') return;
    const seconds = `${((performance.now() - this.#begun) / 1000).toFixed(1)} s`;
    if (this.#bar === undefined) this.#output.write(CLEAR_LINE);
    else this.#bar.end(`${this.#run.stages[0]?.rows.toLocaleString('en') ?? 0} rows after ${seconds}`);
    this.#said = '';
  }
}
