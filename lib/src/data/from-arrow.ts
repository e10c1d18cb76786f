/** Values of Arrow as the values that data sets have. The tables are those of the user's own copy of `apache-arrow`, so nothing of the package is loaded. */
import type { Arrow } from './arrow.js';
import { type Block, makeBlock, type Values } from './block.js';
import { ArrowType } from './errors.js';
import { exactDecimal, exactNumber } from './from-duckdb.js';

/** Numbers of the types in Arrow's format, which is the same in each version of the package. */
const TYPE = {
  NULL: 1,
  INT: 2,
  FLOAT: 3,
  BINARY: 4,
  TEXT: 5,
  BOOL: 6,
  DECIMAL: 7,
  DATE: 8,
  TIME: 9,
  TIMESTAMP: 10,
  LIST: 12,
  STRUCT: 13,
  FIXED_SIZE_BINARY: 15,
  FIXED_SIZE_LIST: 16,
  MAP: 17,
  DURATION: 18,
  LARGE_BINARY: 19,
  LARGE_TEXT: 20,
  LARGE_LIST: 21,
  BINARY_VIEW: 23,
  TEXT_VIEW: 24,
  DICTIONARY: -1,
} as const;
const HALF = 0;

/** Names of columns, each once: another column of the same name gets a number, as DuckDB does it. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}:${i}`;
    taken.add(free);
    return free;
  });
}

/** The rows of a batch. @throws NBS_ARROW_TYPE */
export function blockOfArrow(
  names: readonly string[],
  batch: { readonly numRows: number; getChildAt(index: number): unknown },
): Block {
  const rows = batch.numRows;
  return makeBlock(
    rows,
    names.map((name, i) => {
      const vector = batch.getChildAt(i) as Arrow.Vector | null;
      return [name, vector === null ? new Array<null>(rows).fill(null) : valuesOfVector(name, vector)];
    }),
  );
}

function valuesOfVector(column: string, vector: Arrow.Vector, isInner = false): Values {
  const type = vector.type as Arrow.DataType;
  // A typed array of the package has no nulls, and may be a part of the memory of the table.
  if (isPlainNumber(type) && vector.nullCount === 0) return (vector.toArray() as Float64Array).slice();
  const convert = converterOf(column, type, isInner);
  const values = new Array<unknown>(vector.length);
  for (let i = 0; i < vector.length; i++) {
    const value: unknown = vector.get(i);
    values[i] = value === null || value === undefined ? null : convert(value as never);
  }
  return values;
}

/** Whether a column is a typed array of numbers that JavaScript has. */
function isPlainNumber(type: Arrow.DataType): boolean {
  if (type.typeId === TYPE.INT) return (type as Arrow.Int).bitWidth <= 32;
  return type.typeId === TYPE.FLOAT && (type as Arrow.Float).precision !== HALF;
}

/** @param isInner whether the values are in lists, structs or maps: lists in these are arrays, as those of DuckDB */
function converterOf(column: string, type: Arrow.DataType, isInner = false): (value: never) => unknown {
  switch (type.typeId as number) {
    case TYPE.NULL:
    case TYPE.FLOAT:
    case TYPE.TEXT:
    case TYPE.LARGE_TEXT:
    case TYPE.TEXT_VIEW:
    case TYPE.BOOL:
      return (value) => value;
    case TYPE.INT:
      return (value: number | bigint) => (typeof value === 'bigint' ? exactNumber(value) : value);
    case TYPE.BINARY:
    case TYPE.LARGE_BINARY:
    case TYPE.BINARY_VIEW:
    case TYPE.FIXED_SIZE_BINARY:
      return (value: Uint8Array) => value.slice();
    case TYPE.DECIMAL:
      return decimalConverter(type as Arrow.Decimal);
    case TYPE.DATE:
    case TYPE.TIMESTAMP:
      return (value: number | Date) => new Date(Math.floor(Number(value)));
    case TYPE.TIME:
    case TYPE.DURATION:
      return (value: number | bigint) => timeText(BigInt(value), (type as Arrow.Time).unit);
    case TYPE.LIST:
    case TYPE.LARGE_LIST:
    case TYPE.FIXED_SIZE_LIST:
      return (value: Arrow.Vector) => (isInner ? [...valuesOfVector(column, value, true)] : valuesOfVector(column, value, true));
    case TYPE.STRUCT:
      return structConverter(column, type as Arrow.Struct);
    case TYPE.MAP:
      return mapConverter(column, type as Arrow.Map_);
    case TYPE.DICTIONARY:
      return converterOf(column, (type as Arrow.Dictionary).dictionary, isInner);
    default:
      throw ArrowType({ column, type: String(type) });
  }
}

function structConverter(column: string, { children }: Arrow.Struct): (value: never) => unknown {
  const of = children.map(({ name, type }) => [name, converterOf(`${column}.${name}`, type, true)] as const);
  return (row: Iterable<readonly [string, unknown]>) => {
    const values = [...row].map(([, value]) => value);
    return Object.fromEntries(
      of.map(([name, convert], i) => [name, (values[i] ?? null) === null ? null : convert(values[i] as never)]),
    );
  };
}

function mapConverter(column: string, { keyType, valueType }: Arrow.Map_): (value: never) => unknown {
  const [key, of] = [converterOf(column, keyType, true), converterOf(column, valueType, true)];
  return (entries: Iterable<readonly [unknown, unknown]>) =>
    new Map(
      [...entries].map(([name, value]) => [key(name as never), (value ?? null) === null ? null : of(value as never)] as const),
    );
}

/** As of DuckDB: a number up to 15 digits, which is exact, otherwise a text; without a fraction, as a whole number. */
function decimalConverter({ scale }: Arrow.Decimal): (value: never) => unknown {
  return (words: Uint32Array) => {
    const { buffer, byteOffset, byteLength } = words;
    let unscaled = 0n;
    for (const word of new Uint32Array(buffer, byteOffset, byteLength / 4).toReversed())
      unscaled = (unscaled << 32n) | BigInt(word);
    unscaled = BigInt.asIntN(byteLength * 8, unscaled);
    if (scale <= 0) return exactNumber(unscaled * 10n ** BigInt(-scale));
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return exactDecimal(unscaled, text);
  };
}

/** A time of a day or a span as DuckDB writes it, e.g. `13:05:00.25`. @param unit 0 for seconds, 1 for milliseconds, 2 for microseconds, 3 for nanoseconds */
function timeText(value: bigint, unit: number): string {
  const perSecond = 10n ** BigInt(unit * 3);
  const whole = value < 0n ? -value : value;
  const seconds = whole / perSecond;
  const pair = (number: bigint): string => String(number).padStart(2, '0');
  const fraction = String(whole % perSecond)
    .padStart(unit * 3, '0')
    .replace(/0+$/, '');
  const text = `${pair(seconds / 3600n)}:${pair((seconds / 60n) % 60n)}:${pair(seconds % 60n)}`;
  return `${value < 0n ? '-' : ''}${text}${fraction === '' ? '' : `.${fraction}`}`;
}
