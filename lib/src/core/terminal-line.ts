/** A stream to which lines are written. */
export interface LineOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Moves to the beginning of a terminal's line and removes what stands there. */
export const CLEAR_LINE = '\r\x1b[K';

/** The width that is taken if the terminal does not say it. */
const USUAL_COLUMNS = 80;

/**
 * Writes a text in the place of the terminal's present line. A text that is wider than the terminal is cut, because it could not be replaced.
 */
export function replaceLine(output: LineOutput, text: string): void {
  output.write(CLEAR_LINE + text.slice(0, (output.columns ?? USUAL_COLUMNS) - 1));
}
