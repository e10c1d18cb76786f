import type { Chart } from './charts.js';
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
 * values at equal distances.
 * @throws NBS_PLOT_NO_ROWS
 */
export function parallel(
  rows: readonly object[],
  { columns, color = columns.at(-1) ?? '', title, width = 420, height = 220 }: ParallelOptions,
): Chart {
  if (!Array.isArray(rows) || rows.length === 0) throw NoRows({ where: 'plot.parallel' });
  const table = rows as readonly Readonly<Record<string, unknown>>[];
  const values = columns.flatMap((column) => {
    const places = placesOf(table.map((row) => row[column]));
    return table.map((row, i) => ({ row: i, column, place: places[i], value: String(row[column]), color: row[color] }));
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

/** From 0 for the least value to 1 for the largest. */
function placesOf(values: readonly unknown[]): number[] {
  const places = new Map([...new Set(values.map(String))].map((name, place) => [name, place]));
  const numbers = values.every((value) => typeof value === 'number')
    ? values
    : values.map((value) => places.get(String(value)) as number);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers.filter(Number.isFinite)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return numbers.map((value) => (high > low ? (value - low) / (high - low) : 0.5));
}
