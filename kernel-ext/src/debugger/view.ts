/**
 * What the debugger asks the main thread. The control thread evaluates calls of it through the inspector, so that the main thread answers also while it
 * is paused.
 */
export interface DebugView {
  /** The cells that ran, as [id, the user's source]. */
  cells(): readonly (readonly [string, string])[];
  /** How the code of a cell or of a file corresponds to its source; undefined if it is not known. */
  positions(id: string): CodePositions | undefined;
  /** The names of the notebook, with their values now. */
  names(): Readonly<Record<string, unknown>>;
  /** Which of these words are names of the notebook. */
  known(words: readonly string[]): readonly string[];
  /** These names with their values. @throws if the declaration of one was not reached yet */
  pick(names: readonly string[]): Readonly<Record<string, unknown>>;
  /** Gives names the values that an expression has given them. @throws if one is a constant */
  assign(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): void;
  /** A value as it is shown below a cell: its representations by MIME type, as JSON. */
  shown(value: unknown): string;
}

export interface CodePositions {
  /** The JavaScript that runs. */
  readonly code: string;
  /** The user's source; '' if it is a file. */
  readonly source: string;
  /** For each line and column of `code`: the line and column in the source, packed by {@link packed}; -1 if there is none. */
  readonly places: readonly (readonly number[])[];
}

/** A line and a column from 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const COLUMNS = 2 ** 20;

/** A line and a column from 0 as one number, because tables of positions are large. */
export const packed = (place: Place | undefined): number =>
  place === undefined ? -1 : place.line * COLUMNS + Math.min(place.column, COLUMNS - 1);

export const unpacked = (place: number | undefined): Place | undefined =>
  place === undefined || place < 0 ? undefined : { line: Math.floor(place / COLUMNS), column: place % COLUMNS };

const KEY = 'nbserve.kernel.debug';

/** An expression that gives the view in the main thread. */
export const VIEW = `globalThis[Symbol.for(${JSON.stringify(KEY)})]`;

/** Is called in the main thread. */
export function showToDebugger(view: DebugView): void {
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: view, enumerable: false, configurable: true });
}
