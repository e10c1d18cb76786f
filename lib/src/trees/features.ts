import { TooManyCategories, WrongValue } from './errors.js';
import { type Columns, type ColumnValues, columnOf, lengthOf } from './table.js';

/** A column that the trees use. A column of texts has categories, and the number of a text is its place among them. */
export interface Feature {
  readonly name: string;
  readonly categories?: readonly string[];
}

/** The most texts that a column may have. Each is a bin of its own, and one bin is for missing values. */
const MAX_CATEGORIES = 255;
/** The number of a text that the training data did not have. It equals no category. */
const UNKNOWN = -1;

/** Finds out which columns are numbers and which are texts. @throws NBS_TREES_WRONG_VALUE, NBS_TREES_TOO_MANY_CATEGORIES */
export function describeFeatures(where: string, columns: Columns, names: readonly string[]): Feature[] {
  return names.map((name) => {
    const values = columnOf(where, columns, name);
    if (!Array.isArray(values) || !values.some((value) => typeof value === 'string')) return { name };
    const texts = new Set<string>();
    values.forEach((value: unknown, row) => {
      if (typeof value === 'string') texts.add(value);
      else if (value !== null && value !== undefined)
        throw WrongValue({
          where,
          row,
          column: name,
          value: shown(value),
          expected: 'texts or nulls, because other rows are texts',
        });
    });
    if (texts.size > MAX_CATEGORIES) throw TooManyCategories({ where, column: name, count: texts.size, max: MAX_CATEGORIES });
    return { name, categories: [...texts].sort() };
  });
}

/** The rows as a matrix of Float32, row after row. A missing value is NaN. @throws NBS_TREES_NO_COLUMN, NBS_TREES_WRONG_VALUE */
export function encode(where: string, columns: Columns, features: readonly Feature[]): Float32Array {
  const rows = lengthOf(columns);
  const matrix = new Float32Array(rows * features.length);
  features.forEach((feature, at) => {
    const values: ColumnValues = columnOf(where, columns, feature.name);
    if (values instanceof Float32Array || values instanceof Float64Array) {
      if (feature.categories === undefined) {
        for (let row = 0; row < rows; row += 1) matrix[row * features.length + at] = values[row] as number;
        return;
      }
    }
    const read = readerOf(where, feature);
    for (let row = 0; row < rows; row += 1) matrix[row * features.length + at] = read(values[row], row);
  });
  return matrix;
}

function readerOf(where: string, { name, categories }: Feature): (value: unknown, row: number) => number {
  const wrong = (row: number, value: unknown, expected: string) =>
    WrongValue({ where, row, column: name, value: shown(value), expected });
  if (categories === undefined) {
    return (value, row) => {
      if (typeof value === 'number') return value;
      if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
      if (value === null || value === undefined) return Number.NaN;
      throw wrong(row, value, 'numbers, booleans or nulls, as in training');
    };
  }
  const codes = new Map(categories.map((text, code) => [text, code]));
  return (value, row) => {
    if (typeof value === 'string') return codes.get(value) ?? UNKNOWN;
    if (value === null || value === undefined) return Number.NaN;
    throw wrong(row, value, 'texts or nulls, as in training');
  };
}

/** The labels of the rows. @param isBinary whether they must be 0, 1, false or true @throws NBS_TREES_NO_COLUMN, NBS_TREES_WRONG_VALUE */
export function readLabels(where: string, columns: Columns, name: string, isBinary: boolean): Float64Array {
  const values: ColumnValues = columnOf(where, columns, name);
  const labels = new Float64Array(values.length);
  for (let row = 0; row < labels.length; row += 1) {
    const value: unknown = values[row];
    const number =
      typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : Number.NaN;
    if (isBinary ? number !== 0 && number !== 1 : !Number.isFinite(Math.fround(number))) {
      const expected = isBinary ? '0, 1, false or true for the objective binary:logistic' : 'numbers that Float32 can hold';
      throw WrongValue({ where, row, column: name, value: shown(value), expected });
    }
    labels[row] = number;
  }
  return labels;
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `a value of type ${value.constructor?.name ?? 'object'}`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}
