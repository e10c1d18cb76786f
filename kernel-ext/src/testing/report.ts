import { type CellResult, CellStatus, isRed, type NotebookResult } from './result.js';

/** How the parts of a report look in a terminal. */
export interface ReportPaint {
  good(text: string): string;
  bad(text: string): string;
}

export const PLAIN: ReportPaint = { good: (text) => text, bad: (text) => text };
export const COLORED: ReportPaint = { good: (text) => `\x1b[32m${text}\x1b[39m`, bad: (text) => `\x1b[31m${text}\x1b[39m` };

/** A notebook's lines in the report: one if it passed. */
export function linesOf(result: NotebookResult, paint: ReportPaint): readonly string[] {
  const { name, passed, seconds, cells, problem } = result;
  const title = `${name} (${[...counts(cells), `${seconds.toFixed(1)} s`].join(', ')})`;
  if (passed) return [`${paint.good('✔')} ${title}`];
  const lines = [`${paint.bad('✖')} ${title}`];
  if (problem !== undefined) lines.push(`  ${problem}`);
  for (const cell of cells.filter(isRed)) {
    lines.push(`  ${name}${cell.line === null ? '' : `:${cell.line}`}: ${cell.name}: ${cell.message ?? ''}`);
    for (const detail of cell.details ?? []) lines.push(`    ${painted(detail, paint)}`);
  }
  return lines;
}

const painted = (line: string, paint: ReportPaint): string => {
  if (/^\s+- /.test(line)) return paint.bad(line);
  return /^\s+\+ /.test(line) ? paint.good(line) : line;
};

/** The numbers of cells, such as `12 compared, 2 ran`. */
function counts(cells: readonly CellResult[]): readonly string[] {
  const names = [
    ['compared', [CellStatus.PASSED, CellStatus.DIFFERS]],
    ['only run', [CellStatus.RAN]],
    ['updated', [CellStatus.UPDATED]],
    ['failed', [CellStatus.FAILED]],
    ['skipped', [CellStatus.SKIPPED]],
    ['interrupted', [CellStatus.INTERRUPTED]],
    ['not run', [CellStatus.NOT_RUN]],
  ] as const;
  return names.flatMap(([name, statuses]) => {
    const count = cells.filter(({ status }) => (statuses as readonly string[]).includes(status)).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
}

const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** The last line of a report. */
export function summaryOf(results: readonly NotebookResult[], seconds: number): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const peak = Math.max(0, ...results.map(({ peakBytes }) => peakBytes));
  const cells = counts(results.flatMap((result) => result.cells)).join(', ') || 'none';
  return [
    `${results.length} ${results.length === 1 ? 'notebook' : 'notebooks'}: ${results.length - failed} passed, ${failed} failed`,
    `cells: ${cells}`,
    `${seconds.toFixed(1)} s, ${(results.length / Math.max(seconds, 0.001)).toFixed(2)} notebooks a second`,
    `memory: at most ${mib(peak)} for the process of a notebook's cells, ${mib(process.resourceUsage().maxRSS * 1024)} for the test`,
  ].join('; ');
}
