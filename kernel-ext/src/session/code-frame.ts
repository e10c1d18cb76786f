import { type Paint, PLAIN_PAINT } from './paint.js';

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
