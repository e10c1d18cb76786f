import type { Output } from './session.js';

/** How the parts of a traceback look. */
export interface Paint {
  /** The name of the error, and the mark below its place in the code. */
  strong(text: string): string;
  /** Text around the user's code and message: line numbers, stack frames. */
  faint(text: string): string;
}

export const PLAIN_PAINT: Paint = { strong: (text) => text, faint: (text) => text };

// Jupyter's front ends know the code for grey, but not the code for faint text (2).
const COLOURED: Paint = {
  strong: (text) => `\u001b[1;31m${text}\u001b[22;39m`,
  faint: (text) => `\u001b[90m${text}\u001b[39m`,
};

/** How errors look for the reader of this output. */
export const paintFor = ({ colors }: Pick<Output, 'colors'>): Paint => (colors === undefined ? PLAIN_PAINT : COLOURED);

/**
 * The line of an error with a line before and after it, and a mark under the place.
 * @param line from 0
 * @param column from 0
 * @param length characters to mark, at least one
 */
export function codeFrame(source: string, line: number, column: number, length = 1, paint: Paint = PLAIN_PAINT): string[] {
  const lines = source.split('\n');
  const first = Math.max(0, line - 1);
  const last = Math.min(lines.length - 1, line + 1);
  const width = String(last + 1).length;
  const frame: string[] = [];
  for (let i = first; i <= last; i++) {
    const text = lines[i] ?? '';
    const number = `${String(i + 1).padStart(width)} |`;
    const head = i === line ? `${paint.strong('>')} ${paint.faint(number)}` : paint.faint(`  ${number}`);
    frame.push(`${head}${` ${text}`.trimEnd()}`);
    if (i !== line) continue;
    const marks = '^'.repeat(Math.max(1, Math.min(length, text.length - column)));
    const indent = text.slice(0, column).replace(/[^\t]/g, ' ');
    frame.push(`${paint.faint(`  ${' '.repeat(width)} |`)} ${indent}${paint.strong(marks)}`);
  }
  return frame;
}
