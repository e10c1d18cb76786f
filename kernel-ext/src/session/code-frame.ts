/**
 * The line of an error with a line before and after it, and a mark under the place.
 * @param line from 0
 * @param column from 0
 * @param length characters to mark, at least one
 */
export function codeFrame(source: string, line: number, column: number, length = 1): string[] {
  const lines = source.split('\n');
  const first = Math.max(0, line - 1);
  const last = Math.min(lines.length - 1, line + 1);
  const width = String(last + 1).length;
  const frame: string[] = [];
  for (let i = first; i <= last; i++) {
    const text = lines[i] ?? '';
    frame.push(`${i === line ? '>' : ' '} ${String(i + 1).padStart(width)} | ${text}`.trimEnd());
    if (i !== line) continue;
    const marks = Math.max(1, Math.min(length, text.length - column));
    frame.push(`  ${' '.repeat(width)} | ${text.slice(0, column).replace(/[^\t]/g, ' ')}${'^'.repeat(marks)}`);
  }
  return frame;
}
