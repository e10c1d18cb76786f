import type { Values } from './block.js';
import type { DuckDB } from './duckdb.js';

type Vector = DuckDB.DuckDBVector;
/** What the vectors of numbers hold; the package does not declare it. */
interface NumberVector {
  readonly items: Float64Array;
  readonly validity: { readonly itemValid: (i: number) => boolean; readonly data?: BigUint64Array | null };
}
interface ListVector {
  readonly childData: Vector;
  getEntryOffset(i: number): number;
  getEntryLength(i: number): number;
  getItem(i: number): unknown;
}

/** Types whose vectors are typed arrays that JavaScript's numbers hold exactly. */
const NUMBERS = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'FLOAT', 'DOUBLE']);

/** The values of one column of a chunk, as JavaScript has them. @param type that of the result: a vector does not know whether its texts are JSON */
export function valuesOf(vector: Vector, rows: number, type: DuckDB.DuckDBType): Values {
  const name = String(type);
  if (NUMBERS.has(name)) return numbersOf(vector as unknown as NumberVector, rows, vector);
  const convert = converterOf(type);
  if (name.endsWith('[]') && NUMBERS.has(name.slice(0, -2))) return listsOf(vector as unknown as ListVector, rows);
  const values = new Array<unknown>(rows);
  for (let i = 0; i < rows; i++) {
    const item = vector.getItem(i);
    values[i] = item === null ? null : convert(item as never);
  }
  return values;
}

function hasNull(vector: Vector, rows: number): boolean {
  const { validity } = vector as unknown as NumberVector;
  if (validity.data === null || validity.data === undefined) return false;
  for (let i = 0; i < rows; i++) if (!validity.itemValid(i)) return true;
  return false;
}

function numbersOf({ items }: NumberVector, rows: number, vector: Vector): Values {
  if (!hasNull(vector, rows)) return items.slice(0, rows);
  return Array.from({ length: rows }, (_, i) => vector.getItem(i));
}

/** Lists of numbers become typed arrays, such as the pixels of a picture. */
function listsOf(vector: ListVector, rows: number): Values {
  const { childData } = vector;
  const { items } = childData as unknown as NumberVector;
  const values = new Array<unknown>(rows);
  const child = childData.itemCount;
  const isWhole = !hasNull(childData, child);
  for (let i = 0; i < rows; i++) {
    const item = isWhole && isValid(vector, i) ? null : vector.getItem(i);
    const start = vector.getEntryOffset(i);
    if (item === null && isWhole && isValid(vector, i)) values[i] = items.slice(start, start + vector.getEntryLength(i));
    else values[i] = item === null ? null : [...(item as { items: readonly unknown[] }).items];
  }
  return values;
}

function isValid(vector: unknown, i: number): boolean {
  return (vector as NumberVector).validity.itemValid(i);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** A number up to 2^53, and the bigint beyond. */
export const exactNumber = (value: bigint): number | bigint => (value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : value);
const DIGITS_15 = 10n ** 15n;
/** A decimal of at most 15 digits as a number, which is exact, and the text of a longer one. @param unscaled its digits */
export const exactDecimal = (unscaled: bigint, text: string): number | string =>
  unscaled < DIGITS_15 && unscaled > -DIGITS_15 ? Number(text) : text;
const millis = (micros: bigint): Date => new Date(Number(micros / 1000n - (micros % 1000n < 0n ? 1n : 0n)));

/** The value that a text of JSON means. Whole numbers beyond 2^53 are bigints. */
function jsonValue(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const isLong = (token: string): boolean => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (isLong(token) ? `"\\u0000${token}"` : token));
  const isMark = (value: unknown): value is string => typeof value === 'string' && /^\0-?\d{16,}$/.test(value);
  return JSON.parse(marked, (_, value) => (isMark(value) ? BigInt(value.slice(1)) : value));
}

/**
 * How the values of a type are converted:
 * whole numbers of 64 bits and more, and decimals without a fraction, are numbers up to 2^53, and bigints beyond; other decimals of up to 15 digits are numbers,
 * which is exact, and longer ones texts, value by value; dates and times with a date are `Date`s, those with a zone at that instant, those without as UTC; a blob is a `Uint8Array`; times, intervals
 * and UUIDs are texts; lists, structs and maps are arrays, objects and `Map`s; JSON is the value that it means.
 */
function converterOf(type: DuckDB.DuckDBType): (value: never) => unknown {
  const name = String(type);
  if (type.alias === 'JSON') return jsonValue;
  if ('valueType' in type && !('keyType' in type)) {
    const of = converterOf(type.valueType);
    return ({ items }: { items: readonly unknown[] }) => items.map((item) => (item === null ? null : of(item as never)));
  }
  if (/^(U?BIGINT|U?HUGEINT|BIGNUM)$/.test(name)) return exactNumber;
  if (/^(VARCHAR|BOOLEAN|ENUM)/.test(name) || NUMBERS.has(name)) return (value) => value;
  if (name === 'DATE') return ({ days }: { days: number }) => new Date(days * 86_400_000);
  if (name === 'TIMESTAMP' || name === 'TIMESTAMP WITH TIME ZONE') return ({ micros }: { micros: bigint }) => millis(micros);
  if (name === 'TIMESTAMP_S') return ({ seconds }: { seconds: bigint }) => new Date(Number(seconds) * 1000);
  if (name === 'TIMESTAMP_MS')
    return (value: { milliseconds?: bigint; millis?: bigint }) => new Date(Number(value.milliseconds ?? value.millis));
  if (name === 'TIMESTAMP_NS')
    return (value: { nanoseconds?: bigint; nanos?: bigint }) => millis((value.nanoseconds ?? value.nanos ?? 0n) / 1000n);
  if (name.startsWith('DECIMAL')) {
    const isWhole = (type as DuckDB.DuckDBDecimalType).scale === 0;
    return (value: { readonly value: bigint }) => (isWhole ? exactNumber(value.value) : exactDecimal(value.value, String(value)));
  }
  if (name === 'BLOB') return ({ bytes }: { bytes: Uint8Array }) => new Uint8Array(bytes);
  if (name.startsWith('STRUCT')) {
    const { entryNames, entryTypes } = type as DuckDB.DuckDBStructType;
    const of = entryTypes.map(converterOf);
    return ({ entries }: { entries: Record<string, unknown> }) =>
      Object.fromEntries(
        entryNames.map((entry, i) => [entry, entries[entry] === null ? null : of[i]?.(entries[entry] as never)]),
      );
  }
  if (name.startsWith('MAP')) {
    const { keyType, valueType } = type as DuckDB.DuckDBMapType;
    const [key, value] = [converterOf(keyType), converterOf(valueType)];
    return ({ entries }: { entries: readonly { key: unknown; value: unknown }[] }) =>
      new Map(entries.map((one) => [key(one.key as never), one.value === null ? null : value(one.value as never)]));
  }
  return (value: unknown) => String(value);
}
