import { isTyped, shownType, type Values } from './block.js';
import { type DuckDB, quoted } from './duckdb.js';
import { MixedColumn, SameName } from './errors.js';
import { exactNumber } from './from-duckdb.js';

/** The type of a column of JavaScript values. */
export type ColumnType =
  | { readonly kind: 'null' | 'boolean' | 'text' | 'date' | 'blob' | 'int64' | 'wide' | 'huge' | 'float64' }
  | { readonly kind: 'number'; readonly name: NumberName }
  | { readonly kind: 'list'; readonly of: ColumnType }
  | { readonly kind: 'struct'; readonly entries: ReadonlyMap<string, ColumnType> }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType };

type NumberName = 'TINYINT' | 'SMALLINT' | 'INTEGER' | 'UTINYINT' | 'USMALLINT' | 'UINTEGER' | 'FLOAT' | 'DOUBLE';

const TYPED: Readonly<Record<string, NumberName>> = {
  Int8Array: 'TINYINT',
  Int16Array: 'SMALLINT',
  Int32Array: 'INTEGER',
  Uint8Array: 'UTINYINT',
  Uint8ClampedArray: 'UTINYINT',
  Uint16Array: 'USMALLINT',
  Uint32Array: 'UINTEGER',
  Float32Array: 'FLOAT',
  Float64Array: 'DOUBLE',
};
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const NULL: ColumnType = { kind: 'null' };
const INT64: ColumnType = { kind: 'int64' };
/** Whole numbers of 64 bits, of which some are beyond 2^53: they do not go together with fractions. */
const WIDE: ColumnType = { kind: 'wide' };
const HUGE: ColumnType = { kind: 'huge' };

/** The type of a whole column. @throws NBS_MIXED_COLUMN */
export function typeOfColumn(column: string, values: Values): ColumnType {
  const name = ArrayBuffer.isView(values) ? values.constructor.name : undefined;
  if (name !== undefined && name in TYPED) return { kind: 'number', name: TYPED[name] as NumberName };
  if (name === 'BigInt64Array' || name === 'BigUint64Array') return typeOfBigInts(values as BigInt64Array | BigUint64Array);
  let type = NULL;
  for (let i = 0; i < values.length; i++) type = joined(column, type, typeOfValue(column, values[i]));
  return type;
}

/** Without a type for each value. One that has no values has whole numbers. */
function typeOfBigInts(values: BigInt64Array | BigUint64Array): ColumnType {
  let type = INT64;
  for (const value of values) {
    if (value > MAX_INT64) return HUGE;
    if (value > MAX_SAFE || value < -MAX_SAFE) type = WIDE;
  }
  return type;
}

const SIMPLE: Readonly<Record<string, ColumnType>> = {
  undefined: NULL,
  boolean: { kind: 'boolean' },
  string: { kind: 'text' },
};

function typeOfValue(column: string, value: unknown): ColumnType {
  if (value === null) return NULL;
  const simple = SIMPLE[typeof value];
  if (simple !== undefined) return simple;
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? INT64 : { kind: 'float64' };
  if (typeof value === 'bigint') {
    if (typeof exactNumber(value) === 'number') return INT64;
    return BigInt.asIntN(64, value) === value ? WIDE : HUGE;
  }
  if (typeof value !== 'object') throw MixedColumn({ column, what: `contains ${shownType(value)}, which is no data` });
  if (value instanceof Date) return { kind: 'date' };
  if (value instanceof Uint8Array) return { kind: 'blob' };
  if (isTyped(value) || Array.isArray(value)) return { kind: 'list', of: typeOfColumn(column, value) };
  if (value instanceof Map)
    return { kind: 'map', key: typeOfColumn(column, [...value.keys()]), value: typeOfColumn(column, [...value.values()]) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
    throw MixedColumn({ column, what: `contains ${shownType(value)}; columns hold data, not instances of classes` });
  return {
    kind: 'struct',
    entries: new Map(Object.entries(value).map(([name, member]) => [name, typeOfValue(`${column}.${name}`, member)])),
  };
}

/** Each of them holds the values of those before it. */
const INTEGERS = ['int64', 'wide', 'huge'] as const satisfies readonly ColumnType['kind'][];
const NUMERIC = new Set<ColumnType['kind']>([...INTEGERS, 'float64', 'number']);

/** Each object of a column gets the members of all others. */
const MOST_MEMBERS = 1000;

/** The type that holds values of both. @throws NBS_MIXED_COLUMN */
export function joined(column: string, a: ColumnType, b: ColumnType): ColumnType {
  if (a === b || b.kind === 'null') return a;
  if (a.kind === 'null') return b;
  if (a.kind === 'list' && b.kind === 'list') {
    const of = joined(column, a.of, b.of);
    return of === a.of ? a : { kind: 'list', of };
  }
  if (a.kind === 'map' && b.kind === 'map')
    return { kind: 'map', key: joined(column, a.key, b.key), value: joined(column, a.value, b.value) };
  if (a.kind === 'struct' && b.kind === 'struct') {
    const added = [...b.entries].flatMap(([name, type]) => {
      const known = a.entries.get(name);
      const both = joined(`${column}.${name}`, known ?? NULL, type);
      return both === known ? [] : [[name, both] as const];
    });
    // Most values have members that others have too, and then nothing is copied.
    if (added.length === 0) return a;
    const entries = new Map([...a.entries, ...added]);
    if (entries.size > MOST_MEMBERS && entries.size > 10 * b.entries.size)
      throw MixedColumn({
        column,
        what: `has objects with more than ${MOST_MEMBERS} members in all, of which each object has only some; make Maps of them: new Map(Object.entries(value))`,
      });
    return { kind: 'struct', entries };
  }
  if (NUMERIC.has(a.kind) && NUMERIC.has(b.kind) && (a.kind !== b.kind || a.kind === 'number'))
    return joinedNumbers(column, a, b);
  if (a.kind === b.kind) return a;
  throw MixedColumn({ column, what: `mixes ${WORDS[a.kind]} and ${WORDS[b.kind]}` });
}

function joinedNumbers(column: string, a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind === 'number' && b.kind === 'number' && a.name === b.name) return a;
  const isFloat = (type: ColumnType): boolean =>
    type.kind === 'float64' || (type.kind === 'number' && /FLOAT|DOUBLE/.test(type.name));
  const kind = INTEGERS.findLast((one) => a.kind === one || b.kind === one) ?? 'int64';
  if (!isFloat(a) && !isFloat(b)) return { kind };
  if (kind !== 'int64') throw MixedColumn({ column, what: 'mixes fractions and whole numbers beyond 2^53' });
  return { kind: 'float64' };
}

/** DuckDB compares names without regard to the case of the letters A to Z. @throws NBS_DATA_SAME_NAME */
export function checkNames(names: Iterable<string>, prefix = ''): void {
  const known = new Map<string, string>();
  for (const name of names) {
    const same = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const first = known.get(same);
    if (first !== undefined) throw SameName({ first: `${prefix}${first}`, second: `${prefix}${name}` });
    known.set(same, name);
  }
}

/** @throws NBS_DATA_SAME_NAME if objects have members whose names differ only in case */
export function checkStructs(column: string, type: ColumnType): void {
  if (type.kind === 'list') checkStructs(column, type.of);
  if (type.kind === 'map') for (const inner of [type.key, type.value]) checkStructs(column, inner);
  if (type.kind !== 'struct') return;
  checkNames(type.entries.keys(), `${column}.`);
  for (const [name, inner] of type.entries) checkStructs(`${column}.${name}`, inner);
}

const WORDS: Readonly<Record<ColumnType['kind'], string>> = {
  null: 'nothing',
  boolean: 'booleans',
  text: 'texts',
  date: 'dates',
  blob: 'bytes',
  int64: 'numbers',
  wide: 'numbers',
  huge: 'numbers',
  float64: 'numbers',
  number: 'numbers',
  list: 'lists',
  struct: 'objects',
  map: 'Maps',
};

/** The package takes its name for SQL to be VARCHAR. */
const jsonType = (api: typeof DuckDB): DuckDB.DuckDBType =>
  Object.assign(api.DuckDBVarCharType.create('JSON'), { toString: () => 'JSON' });

/** DuckDB's type. It has no structs without members, so objects that have none are JSON. A column of nulls alone is of integers. */
export function duckdbType(api: typeof DuckDB, type: ColumnType): DuckDB.DuckDBType {
  switch (type.kind) {
    case 'null':
      return api.INTEGER;
    case 'boolean':
      return api.BOOLEAN;
    case 'text':
      return api.VARCHAR;
    case 'date':
      return api.TIMESTAMP;
    case 'blob':
      return api.BLOB;
    case 'int64':
    case 'wide':
      return api.BIGINT;
    case 'huge':
      return api.HUGEINT;
    case 'float64':
      return api.DOUBLE;
    case 'number':
      return api[type.name];
    case 'list':
      return api.LIST(duckdbType(api, type.of));
    case 'map':
      return api.MAP(duckdbType(api, type.key), duckdbType(api, type.value));
    case 'struct':
      if (type.entries.size === 0) return jsonType(api);
      return api.STRUCT(Object.fromEntries([...type.entries].map(([name, entry]) => [name, duckdbType(api, entry)])) as never);
  }
}

/** Converts the values of a column for DuckDB. */
export function converterTo(api: typeof DuckDB, type: ColumnType): (value: unknown) => DuckDB.DuckDBValue {
  const nullable = (convert: (value: never) => DuckDB.DuckDBValue) => (value: unknown) =>
    value === null || value === undefined ? null : convert(value as never);
  switch (type.kind) {
    case 'int64':
    case 'wide':
    case 'huge':
      return nullable((value: number | bigint) => BigInt(value));
    case 'float64':
    case 'number':
      return nullable((value: number | bigint) => Number(value));
    case 'date':
      return nullable((value: Date) => {
        const ms = value.getTime();
        return Number.isNaN(ms) ? null : new api.DuckDBTimestampValue(BigInt(ms) * 1000n);
      });
    case 'blob':
      return nullable((value: Uint8Array) => new api.DuckDBBlobValue(value));
    case 'list': {
      const of = converterTo(api, type.of);
      return nullable((value: ArrayLike<unknown>) => new api.DuckDBListValue(Array.from(value, of)));
    }
    case 'map': {
      const [key, of] = [converterTo(api, type.key), converterTo(api, type.value)];
      return nullable(
        (value: Map<unknown, unknown>) =>
          new api.DuckDBMapValue([...value].map(([name, member]) => ({ key: key(name), value: of(member) }))),
      );
    }
    case 'struct': {
      if (type.entries.size === 0) return nullable(() => '{}');
      const of = [...type.entries].map(([name, entry]) => [name, converterTo(api, entry)] as const);
      return nullable(
        (value: Record<string, unknown>) =>
          new api.DuckDBStructValue(Object.fromEntries(of.map(([name, convert]) => [name, convert(value[name])]))),
      );
    }
    default:
      return nullable((value: string | boolean) => value);
  }
}

/** Whether it has objects without members, for which DuckDB has no structs. */
function isOpen(type: ColumnType): boolean {
  if (type.kind === 'list') return isOpen(type.of);
  if (type.kind === 'map') return isOpen(type.key) || isOpen(type.value);
  return type.kind === 'struct' && (type.entries.size === 0 || [...type.entries.values()].some(isOpen));
}

/** A value in SQL whose objects without members, which are JSON, get those that values of other tables have. Structs get them from DuckDB. */
export function widened(api: typeof DuckDB, value: string, from: ColumnType, to: ColumnType, depth = 0): string {
  if (from.kind === 'null') return `NULL::${duckdbType(api, to)}`;
  if (!isOpen(from)) return value;
  const item = `x${depth}`;
  const inner = (part: string, a: ColumnType, b: ColumnType): string => widened(api, part, a, b, depth + 1);
  if (from.kind === 'list' && to.kind === 'list')
    return `list_transform(${value}, lambda ${item}: ${inner(item, from.of, to.of)})`;
  if (from.kind === 'map' && to.kind === 'map') {
    const [key, member] = [inner(`${item}.key`, from.key, to.key), inner(`${item}.value`, from.value, to.value)];
    return `map_from_entries(list_transform(map_entries(${value}), lambda ${item}: struct_pack(key := ${key}, value := ${member})))`;
  }
  if (from.kind !== 'struct' || to.kind !== 'struct' || to.entries.size === 0) return value;
  const members = [...to.entries].map(([name, type]) => {
    const part = inner(`${value}.${quoted(name)}`, from.entries.get(name) ?? NULL, type);
    return `${quoted(name)} := CAST(${part} AS ${duckdbType(api, type)})`;
  });
  return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${members.join(', ')}) END`;
}
