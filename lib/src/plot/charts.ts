import type { TopLevelSpec } from 'vega-lite';
import { InvalidOption, listOf } from '../core/index.js';
import { NoRows } from './errors.js';

/** A Vega-Lite chart, by the types of the package `vega-lite`. A notebook draws it if it is the last value of a cell. */
export type Chart = TopLevelSpec;

type Row = object;
/** A row whose columns are looked up by a text. */
type Looked = Readonly<Record<string, unknown>>;
type Column<R> = Extract<keyof R, string>;

/** What a chart shows of its rows. Columns are members of the rows. */
export interface ChartOptions<R extends Row = Looked> {
  /** The column along the horizontal axis. Numbers, dates and texts each get an axis of their kind. */
  readonly x: Column<R>;
  /** The column along the vertical axis, or several columns, each with a colour. */
  readonly y: Column<R> | readonly Column<R>[];
  /** The column whose values get colours. If `y` has several columns, these get the colours. @default none */
  readonly color?: Column<R>;
  /** Text above the chart. @default none */
  readonly title?: string;
  /** Texts at the axes. @default the names of the columns */
  readonly xTitle?: string;
  readonly yTitle?: string;
  /** Size of the plot in pixels, without its axes. @default 420 × 220 */
  readonly width?: number;
  readonly height?: number;
}

/** A line through the rows, e.g. a loss over time. @throws NBS_PLOT_NO_ROWS, NBS_INVALID_OPTION */
export function line<R extends Row>(rows: readonly R[], options: ChartOptions<R>): Chart {
  return chart('plot.line', { type: 'line', point: rows.length <= 40 }, rows, options);
}

/** A line that stays level up to the next row, e.g. a number of replicas. @throws NBS_PLOT_NO_ROWS, NBS_INVALID_OPTION */
export function steps<R extends Row>(rows: readonly R[], options: ChartOptions<R>): Chart {
  return chart('plot.steps', { type: 'line', interpolate: 'step-after' }, rows, options);
}

/** A bar for each row. @throws NBS_PLOT_NO_ROWS, NBS_INVALID_OPTION */
export function bars<R extends Row>(rows: readonly R[], options: ChartOptions<R>): Chart {
  return chart('plot.bars', { type: 'bar' }, rows, options);
}

/** A point for each row. @throws NBS_PLOT_NO_ROWS, NBS_INVALID_OPTION */
export function points<R extends Row>(rows: readonly R[], options: ChartOptions<R>): Chart {
  return chart('plot.points', { type: 'point', filled: true }, rows, options);
}

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';
/** A name for a column that a chart of several columns is made of; the rows may have one of that name. */
function newName(name: string, known: ReadonlySet<string>): string {
  let free = name;
  while (known.has(free)) free += '_';
  return free;
}

type Mark = {
  readonly type: 'line' | 'bar' | 'point';
  readonly point?: boolean;
  readonly interpolate?: 'step-after';
  readonly filled?: boolean;
};

function chart<R extends Row>(where: string, mark: Mark, rows: readonly R[], options: ChartOptions<R>): Chart {
  if (!Array.isArray(rows) || rows.length === 0) throw NoRows({ where });
  const { x, color, title, xTitle, yTitle, width = 420, height = 220 } = options;
  const columns = [options.y].flat() as Column<R>[];
  const known = checkedColumns(where, rows, [['x', x], ...columns.map((each) => ['y', each] as const), ['color', color ?? x]]);
  const isMany = columns.length > 1;
  if (isMany && color !== undefined)
    throw InvalidOption({
      where,
      option: 'color',
      expected: 'left out if y has several columns, which get the colours',
      value: String(color),
    });
  const [name, amount] = [newName('series', known), newName('value', known)];
  const values = isMany
    ? rows.flatMap((row) => columns.map((column) => ({ ...row, [name]: column, [amount]: row[column] })))
    : rows;
  const y = isMany ? amount : (columns[0] as string);
  const group = isMany ? name : color;
  return {
    $schema: SCHEMA,
    ...(title !== undefined && { title }),
    width,
    height,
    data: { values: values.map(plain) },
    mark: { ...mark, tooltip: true },
    encoding: {
      // Vega reads a dot or a bracket in a name as a path.
      x: {
        field: escaped(x),
        type: kindOf(rows, x, mark.type === 'bar'),
        title: xTitle ?? x,
        ...(mark.type === 'bar' && { sort: null, axis: { labelAngle: 0 } }),
      },
      y: { field: escaped(y), type: 'quantitative', title: yTitle ?? (isMany ? null : y) },
      ...(group !== undefined && { color: { field: escaped(group), type: 'nominal', title: isMany ? null : group } }),
      ...(mark.type === 'bar' && group !== undefined && { xOffset: { field: escaped(group) } }),
    },
  };
}

/**
 * The columns of all rows.
 * @param used each option that names a column, with its value
 * @throws NBS_INVALID_OPTION
 */
export function checkedColumns(
  where: string,
  rows: readonly object[],
  used: readonly (readonly [option: string, column: unknown])[],
): ReadonlySet<string> {
  const known = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const [option, column] of used) {
    if (!known.has(String(column)))
      throw InvalidOption({ where, option, expected: `one of ${listOf([...known])}`, value: String(column) });
  }
  return known;
}

const escaped = (column: string): string => column.replace(/[.[\]\\'"]/g, '\\$&');

function kindOf(rows: readonly object[], column: string, isBar: boolean): 'quantitative' | 'temporal' | 'nominal' {
  const values = rows.map((row) => (row as Looked)[column]).filter((value) => value !== null && value !== undefined);
  if (values.every((value) => value instanceof Date)) return 'temporal';
  return !isBar && values.every((value) => typeof value === 'number' || typeof value === 'bigint') ? 'quantitative' : 'nominal';
}

/** A row as JSON can carry it. NaN and infinity become gaps. */
function plain(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Date) return [name, value.getTime()];
      if (typeof value === 'bigint') return [name, Number(value)];
      return [name, typeof value === 'number' && !Number.isFinite(value) ? null : value];
    }),
  );
}
