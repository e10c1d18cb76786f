import { InvalidOption } from '../core/index.js';
import { type Chart, checkedColumns } from './charts.js';
import { NoRows } from './errors.js';

/** What a chart of parallel coordinates shows. */
export interface ParallelOptions {
  /** The columns, each a vertical axis, from left to right. */
  readonly columns: readonly string[];
  /** The column of numbers whose values get colours. @default the last one */
  readonly color?: string;
  /** Text above the chart. @default none */
  readonly title?: string;
  /** Size of the plot in pixels. @default 420 × 220 */
  readonly width?: number;
  readonly height?: number;
}

/**
 * A line for each row through its values in several columns. Each column is stretched to the height of the chart; one that is not of numbers has its different
 * values at equal distances. If a row has no number in a column of numbers, its line has a gap there.
 * @throws NBS_PLOT_NO_ROWS, NBS_INVALID_OPTION
 */
export function parallel(
  rows: readonly object[],
  { columns, color = columns.at(-1) ?? '', title, width = 420, height = 220 }: ParallelOptions,
): Chart {
  const where = 'plot.parallel';
  if (!Array.isArray(rows) || rows.length === 0) throw NoRows({ where });
  if (columns.length === 0) throw InvalidOption({ where, option: 'columns', expected: 'at least one column', value: '[]' });
  checkedColumns(where, rows, [...columns.map((column) => ['columns', column] as const), ['color', color]]);
  const table = rows as readonly Readonly<Record<string, unknown>>[];
  const values = columns.flatMap((column) => {
    const places = placesOf(table.map((row) => row[column]));
    return table.map((row, i) => ({ row: i, column, place: places[i], value: String(row[column]), color: plain(row[color]) }));
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    ...(title !== undefined && { title }),
    width,
    height,
    data: { values },
    mark: { type: 'line', point: true, tooltip: true },
    encoding: {
      x: { field: 'column', type: 'nominal', sort: [...columns], title: null, axis: { labelAngle: 0, grid: true } },
      y: { field: 'place', type: 'quantitative', axis: null },
      detail: { field: 'row', type: 'nominal' },
      color: { field: 'color', type: 'quantitative', title: color },
      tooltip: [{ field: 'column' }, { field: 'value' }, { field: 'color', title: color }],
    },
  };
}

/** A value as JSON can carry it. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** From 0 for the least value to 1 for the largest; null for a number that is missing or not finite. */
function placesOf(values: readonly unknown[]): (number | null)[] {
  const numbers = values.map(plain);
  const isOfNumbers = numbers.every((value) => value === null || value === undefined || typeof value === 'number');
  const names = new Map([...new Set(values.map(String))].map((name, place) => [name, place]));
  const places = isOfNumbers ? numbers : values.map((value) => names.get(String(value)));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of places) if (isNumber(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return places.map((value) => (!isNumber(value) ? null : high > low ? (value - low) / (high - low) : 0.5));
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
