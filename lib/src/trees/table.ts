import { isRecord } from '../core/index.js';
import { NoTable, UnevenColumns, UnknownColumn } from './errors.js';

/** The values of one column, one for each row. `null`, `undefined` and NaN mean that the value is missing. */
export type ColumnValues =
  | readonly (number | bigint | boolean | string | null | undefined)[]
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Columns by their names. All have the same length. */
export type Columns = Readonly<Record<string, ColumnValues>>;

/** A data set that gives its rows in batches of columns, as those of `nbserve/data` do. */
export interface Batches {
  iterBatches(options: { readonly batchSize: number }): AsyncIterable<Readonly<Record<string, unknown>>>;
}

/** What trees are trained on: rows, columns, or a data set. */
export type TreesData = readonly object[] | Columns | Batches;

const BATCH_ROWS = 65_536;
/** What a function takes besides rows and columns. */
const [DATA_SET, NO_DATA_SET] = [
  ', or a data set of nbserve/data',
  '; of a data set, give it `await ds.toColumns()`, or call it in `ds.mapBatches`',
];

/** Reads all of `data` into columns. @throws NBS_TREES_NO_TABLE, NBS_TREES_UNEVEN_COLUMNS */
export async function readColumns(where: string, data: TreesData): Promise<Columns> {
  if (!isBatches(data)) return toColumns(where, data, DATA_SET);
  const parts: Columns[] = [];
  for await (const batch of data.iterBatches({ batchSize: BATCH_ROWS })) parts.push(batch as Columns);
  const filled = parts.filter((part) => lengthOf(part) > 0);
  if (filled.length === 0) throw NoTable({ where, more: DATA_SET, value: 'a data set without rows' });
  // A column that a batch lacks is missing in its rows.
  const names = [...new Set(filled.flatMap((part) => Object.keys(part)))];
  const valuesOf = (part: Columns, name: string): Iterable<number> =>
    (Object.hasOwn(part, name) ? part[name] : new Array<null>(lengthOf(part)).fill(null)) as Iterable<number>;
  const columns = names.map((name) => [name, filled.flatMap((part) => [...valuesOf(part, name)])] as const);
  return checked(where, Object.fromEntries(columns), DATA_SET);
}

/** Rows or columns as columns. @throws NBS_TREES_NO_TABLE, NBS_TREES_UNEVEN_COLUMNS */
export function toColumns(where: string, data: readonly object[] | Columns, more = NO_DATA_SET): Columns {
  if (Array.isArray(data)) {
    if (!data.every(isRecord)) throw NoTable({ where, more, value: 'a list whose members are not rows' });
    const names = [...new Set(data.flatMap((row) => Object.keys(row)))];
    const columns = names.map((name) => [name, data.map((row) => row[name])] as const);
    return checked(where, Object.fromEntries(columns) as Columns, more);
  }
  if (isBatches(data)) throw NoTable({ where, more, value: 'a data set' });
  if (!isRecord(data)) throw NoTable({ where, more, value: data === null ? 'null' : `a value of type ${typeof data}` });
  return checked(where, data as Columns, more);
}

/** The number of rows. */
export const lengthOf = (columns: Columns): number => Object.values(columns)[0]?.length ?? 0;

/** @throws NBS_TREES_NO_COLUMN */
export function columnOf(where: string, columns: Columns, name: string): ColumnValues {
  const found = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (found === undefined) throw UnknownColumn({ where, column: name, valid: Object.keys(columns).join(', ') });
  return found;
}

function checked(where: string, columns: Columns, more: string): Columns {
  const [first, ...others] = Object.entries(columns);
  if (first === undefined || !isColumn(first[1]) || first[1].length === 0)
    throw NoTable({ where, more, value: first === undefined ? 'nothing' : isColumn(first[1]) ? 'no rows' : 'something else' });
  for (const [column, values] of others) {
    if (!isColumn(values)) throw NoTable({ where, more, value: `a column ${column} that is no list` });
    if (values.length !== first[1].length)
      throw UnevenColumns({ where, column, rows: values.length, other: first[0], otherRows: first[1].length });
  }
  return columns;
}

const isColumn = (value: unknown): value is ColumnValues =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

const isBatches = (data: unknown): data is Batches =>
  typeof data === 'object' && data !== null && typeof (data as Partial<Batches>).iterBatches === 'function';
