/** Values of data sets as Arrow. The type of a column is that which DuckDB has for it. */
import type { Arrow } from './arrow.js';
import type { Block, Values } from './block.js';
import type { DuckDB } from './duckdb.js';

type Api = typeof Arrow;
type TypedArray = Float64Array | BigInt64Array | Uint32Array;

const SIMPLE: Readonly<Record<string, (api: Api) => Arrow.DataType>> = {
  BOOLEAN: (api) => new api.Bool(),
  TINYINT: (api) => new api.Int8(),
  SMALLINT: (api) => new api.Int16(),
  INTEGER: (api) => new api.Int32(),
  BIGINT: (api) => new api.Int64(),
  UTINYINT: (api) => new api.Uint8(),
  USMALLINT: (api) => new api.Uint16(),
  UINTEGER: (api) => new api.Uint32(),
  UBIGINT: (api) => new api.Uint64(),
  // They have 39 digits at most: one more than a decimal of 128 bits.
  HUGEINT: (api) => new api.Decimal(0, 39, 256),
  UHUGEINT: (api) => new api.Decimal(0, 39, 256),
  FLOAT: (api) => new api.Float32(),
  DOUBLE: (api) => new api.Float64(),
  BLOB: (api) => new api.Binary(),
  DATE: (api) => new api.DateDay(),
  // The values of data sets are `Date`s, which have milliseconds.
  TIMESTAMP: (api) => new api.TimestampMillisecond(),
  TIMESTAMP_S: (api) => new api.TimestampMillisecond(),
  TIMESTAMP_MS: (api) => new api.TimestampMillisecond(),
  TIMESTAMP_NS: (api) => new api.TimestampMillisecond(),
  'TIMESTAMP WITH TIME ZONE': (api) => new api.TimestampMillisecond('UTC'),
};

/** The type of Arrow for a type of DuckDB. What data sets have as texts, such as times and UUIDs, is a text. */
export function arrowType(api: Api, type: DuckDB.DuckDBType): Arrow.DataType {
  const name = String(type);
  const simple = SIMPLE[name];
  if (simple !== undefined) return simple(api);
  const field = (of: string, inner: DuckDB.DuckDBType, isNullable = true): Arrow.Field =>
    new api.Field(of, arrowType(api, inner), isNullable);
  if ('keyType' in type && 'valueType' in type) {
    const entries = new api.Struct([field('key', type.keyType, false), field('value', type.valueType)]);
    return new api.Map_(new api.Field('entries', entries as never, false));
  }
  if ('valueType' in type)
    return 'length' in type
      ? new api.FixedSizeList(type.length as number, field('item', type.valueType))
      : new api.List(field('item', type.valueType));
  if (name.startsWith('STRUCT')) {
    const { entryNames, entryTypes } = type as DuckDB.DuckDBStructType;
    return new api.Struct(entryNames.map((entry, i) => field(entry, entryTypes[i] as DuckDB.DuckDBType)));
  }
  if (name.startsWith('DECIMAL')) {
    const { scale, width } = type as DuckDB.DuckDBDecimalType;
    return new api.Decimal(scale, width, 128);
  }
  return new api.Utf8();
}

/** The rows of a block. */
export function arrowBatch(api: Api, schema: Arrow.Schema, block: Block): Arrow.RecordBatch {
  const children = schema.fields.map(({ name, type }) => arrowData(api, type, block.columns[name] ?? [], block.rows));
  const type = new api.Struct(schema.fields);
  return new api.RecordBatch(schema, api.makeData({ type, length: block.rows, nullCount: 0, children }));
}

const isNone = (value: unknown): boolean =>
  value === null || value === undefined || (value instanceof Date && Number.isNaN(value.getTime()));

/** One column, or what is in a nested one. */
function arrowData(api: Api, type: Arrow.DataType, values: Values, length: number): Arrow.Data {
  const { ArrayType } = type as unknown as { readonly ArrayType: new (length: number) => TypedArray };
  if (ArrayBuffer.isView(values) && values.constructor === ArrayType)
    return api.makeData({ type, length, nullCount: 0, data: values } as never);
  const isText = api.DataType.isUtf8(type);
  const nulls = validity(values, length);
  const make = (parts: object): Arrow.Data => api.makeData({ type, length, ...nulls, ...parts } as never);
  if (isText || api.DataType.isBinary(type)) return make(bytesOf(values, length, isText));
  if (api.DataType.isBool(type)) return make({ data: bitmap(length, (i) => values[i] === true) });
  if (api.DataType.isStruct(type)) {
    const part = (name: string): unknown[] => Array.from({ length }, (_, i) => memberOf(values[i], name));
    return make({ children: type.children.map((child) => arrowData(api, child.type, part(child.name), length)) });
  }
  if (api.DataType.isMap(type)) {
    const { flat, valueOffsets } = flattened(values, length, (value) => [...(value as ReadonlyMap<unknown, unknown>)]);
    const pairs = flat as unknown as readonly (readonly [unknown, unknown])[];
    const { keyType, valueType } = type;
    const [keys, members] = [pairs.map(([key]) => key), pairs.map(([, member]) => member)];
    const children = [arrowData(api, keyType, keys, pairs.length), arrowData(api, valueType, members, pairs.length)];
    const entries = type.children[0]?.type as unknown as Arrow.Struct;
    return make({ valueOffsets, child: api.makeData({ type: entries, length: pairs.length, nullCount: 0, children }) });
  }
  if (api.DataType.isFixedSizeList(type)) {
    const missing = new Array<null>(type.listSize).fill(null);
    const { flat } = flattened(values, length, (value) => value as Values, missing);
    return make({ child: arrowData(api, type.valueType, flat, flat.length) });
  }
  if (api.DataType.isList(type)) {
    const { flat, valueOffsets } = flattened(values, length, (value) => value as Values);
    return make({ valueOffsets, child: arrowData(api, type.valueType, flat, flat.length) });
  }
  return make({ data: numbersOf(api, type, ArrayType, values, length) });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null;
}

/** Numbers, dates and decimals in the memory that Arrow has for them. */
function numbersOf(
  api: Api,
  type: Arrow.DataType,
  ArrayType: new (length: number) => TypedArray,
  values: Values,
  length: number,
): TypedArray {
  if (api.DataType.isDecimal(type)) return decimalsOf(type, values, length);
  const data = new ArrayType(length);
  const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const isDay = api.DataType.isDate(type);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (isNone(value)) continue;
    const number = value instanceof Date ? (isDay ? Math.floor(value.getTime() / 86_400_000) : value.getTime()) : value;
    data[i] = (isWide ? BigInt(number as number) : number) as never;
  }
  return data;
}

function decimalsOf({ scale, bitWidth }: Arrow.Decimal, values: Values, length: number): Uint32Array {
  const words = bitWidth / 32;
  const data = new Uint32Array(length * words);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (isNone(value)) continue;
    const text = typeof value === 'number' ? value.toFixed(scale) : String(value);
    // DuckDB writes every digit of the scale.
    let rest = typeof value === 'bigint' ? value : BigInt(text.replace('.', ''));
    for (let word = 0; word < words; word++) {
      data[i * words + word] = Number(BigInt.asUintN(32, rest));
      rest >>= 32n;
    }
  }
  return data;
}

/** Bits, the first one the lowest. */
function bitmap(length: number, isSet: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (isSet(i)) (bits[i >> 3] as number) |= 1 << (i & 7);
  return bits;
}

function validity(values: Values, length: number): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
  let nullCount = 0;
  if (!ArrayBuffer.isView(values)) for (let i = 0; i < length; i++) if (isNone(values[i])) nullCount += 1;
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitmap(length, (i) => !isNone(values[i])) };
}

/** Texts or bytes, one after the other. */
function bytesOf(
  values: Values,
  length: number,
  isText: boolean,
): { readonly valueOffsets: Int32Array; readonly data: Uint8Array } {
  const valueOffsets = new Int32Array(length + 1);
  const textOf = (value: unknown): string => {
    if (typeof value !== 'object') return String(value);
    // A value of JSON.
    return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
  };
  let size = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (!isNone(value)) size += isText ? Buffer.byteLength(textOf(value)) : (value as Uint8Array).byteLength;
    valueOffsets[i + 1] = size;
  }
  const data = Buffer.alloc(size);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (isNone(value)) continue;
    if (isText) data.write(textOf(value), valueOffsets[i] as number);
    else data.set(value as Uint8Array, valueOffsets[i]);
  }
  return { valueOffsets, data };
}

/** The items of all lists in one list. @param missing what stands for a list that is null @default no items */
function flattened(
  values: Values,
  length: number,
  itemsOf: (value: unknown) => Values,
  missing: readonly null[] = [],
): { readonly flat: Values; readonly valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(length + 1);
  const lists = Array.from({ length }, (_, i) => (isNone(values[i]) ? missing : itemsOf(values[i])));
  lists.forEach((items, i) => {
    valueOffsets[i + 1] = (valueOffsets[i] as number) + items.length;
  });
  return { flat: joinedLists(lists, valueOffsets[length] as number), valueOffsets };
}

/** One typed array if all lists are such arrays of the same type. */
function joinedLists(lists: readonly Values[], size: number): Values {
  const filled = lists.filter((list) => list.length > 0);
  const Typed = filled[0]?.constructor as (new (length: number) => Float64Array) | undefined;
  if (Typed !== undefined && filled.every((list) => ArrayBuffer.isView(list) && list.constructor === Typed)) {
    const whole = new Typed(size);
    let at = 0;
    for (const list of filled) {
      whole.set(list as unknown as Float64Array, at);
      at += list.length;
    }
    return whole;
  }
  const whole: unknown[] = [];
  for (const list of filled) for (let i = 0; i < list.length; i++) whole.push(list[i]);
  return whole;
}
