import { types } from 'node:util';
import type { Enum, Field, MapField, NamespaceBase, Type } from 'protobufjs';
import { beginningOf, listOf } from '../core/index.js';

/** The least and the largest value of each type, and the same as numbers, which are compared faster. */
const INTEGERS: Readonly<Record<string, readonly [bigint, bigint, number, number]>> = Object.fromEntries(
  [32n, 64n].flatMap((bits) => {
    const limits = (least: bigint, most: bigint) => [least, most, Number(least), Number(most)] as const;
    const signed = limits(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n);
    const unsigned = limits(0n, 2n ** bits - 1n);
    return [
      ...['int', 'sint', 'sfixed'].map((kind) => [`${kind}${bits}`, signed] as const),
      ...['uint', 'fixed'].map((kind) => [`${kind}${bits}`, unsigned] as const),
    ];
  }),
);
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** The place of a value in the result, such as `lines[2]`; empty for the result itself. It is a function, because only errors need the text. */
type FieldPath = () => string;

/**
 * Checks a message that a method returned, and converts it into the form that protobufjs encodes without a loss: `fromObject` would write 0 for a value that
 * it does not understand, and leave out a field that the message does not have.
 * @throws TypeError that names the field
 */
export function messageValue(type: Type, value: unknown, where: FieldPath = () => ''): Record<string, unknown> {
  const name = type.fullName.slice(1);
  if (value instanceof Date && name === 'google.protobuf.Timestamp') return timestampOf(value, where);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value) || isKeyed(value))
    refuse(where, `an object of the form of ${name}`, value);
  const given = value as Readonly<Record<string, unknown>>;
  if (name === 'google.protobuf.Any' && given['@type'] !== undefined) return packed(type, given, where);
  const out: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const own = given[field.name];
    if (own !== undefined && own !== null) out[field.name] = fieldValue(field, own, inside(where, field.name));
  }
  for (const { name: choice, oneof } of type.oneofsArray) {
    const set = oneof.filter((one) => Object.hasOwn(out, one));
    if (set.length > 1) throw new TypeError(`${placeOf(where)} has ${set.join(' and ')}, of which ${choice} allows only one`);
  }
  for (const [key, own] of Object.entries(given)) {
    // The name of a `oneof` says which of its fields is set; a message that came in has it.
    if (own === undefined || key in type.fields || Object.hasOwn(type.oneofs ?? {}, key)) continue;
    const names = type.fieldsArray.map((field) => field.name).join(', ');
    throw new TypeError(`${placeOf(where)} has ${key}, which is no field of ${name}; its fields are ${names || 'none'}`);
  }
  return out;
}

/**
 * Encodes a message whose type `@type` names into the `google.protobuf.Any` that holds it. protobufjs would do that without a check, and write an empty
 * message of an unknown type.
 */
function packed(any: Type, { '@type': url, ...fields }: Readonly<Record<string, unknown>>, where: FieldPath) {
  const place = inside(where, '@type');
  if (typeof url !== 'string')
    return refuse(place, 'the name of a message type, such as type.googleapis.com/package.Message', url);
  const name = url.slice(url.lastIndexOf('/') + 1);
  const inner = any.root.lookup(`.${name}`) as Type | null;
  // The look-up also finds a name of a nested package, which no client would find by it.
  if (inner?.fullName !== `.${name}` || !('fieldsArray' in inner)) {
    const known = listOf(typesIn(any.root).filter((each) => !each.startsWith('google.protobuf.')));
    throw new TypeError(
      `${placeOf(place)} is ${kindOf(url)}, which is no message type of the proto files; theirs are ${known}; write a message of another type as type_url and value`,
    );
  }
  const value = inner.encode(inner.fromObject(messageValue(inner, fields, where))).finish();
  return { type_url: url.includes('/') ? url : `/${url}`, value };
}

const typesIn = (space: NamespaceBase): string[] =>
  space.nestedArray.flatMap((one) => [
    ...('fieldsArray' in one ? [one.fullName.slice(1)] : []),
    ...('nestedArray' in one ? typesIn(one as NamespaceBase) : []),
  ]);

function fieldValue(field: Field, value: unknown, where: FieldPath): unknown {
  if (field.map) {
    if (!(value instanceof Map) && !isPlain(value)) refuse(where, 'an object or a Map', value);
    const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value as object);
    const { keyType } = field as unknown as MapField;
    return Object.fromEntries(
      entries.map(([key, item]) => {
        const place = (): string => `${where()}[${JSON.stringify(String(key))}]`;
        return [keyOf(keyType, key, () => `the key of ${place()}`), single(field, item, place)];
      }),
    );
  }
  if (!field.repeated) return single(field, value, where);
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (!isList) refuse(where, 'an array', value);
  const list = value as ArrayLike<unknown>;
  if ((field.type === 'float' || field.type === 'double') && isOfNumbers(list))
    return Array.isArray(list) ? list : Array.from(list);
  return Array.from(list, (item, i) => single(field, item, () => `${where()}[${i}]`));
}

function isOfNumbers(list: ArrayLike<unknown>): boolean {
  // `every` would leave out holes.
  for (let i = 0; i < list.length; i += 1) if (typeof list[i] !== 'number') return false;
  return true;
}

/** The key of an entry of a map. protobufjs writes `true` for each text that is not empty. */
function keyOf(type: string, key: unknown, where: FieldPath): string {
  if (type !== 'bool') return String(scalar(type, key, where));
  const isTrue = key === true || key === 'true';
  if (!isTrue && key !== false && key !== 'false') refuse(where, 'true or false', key);
  return isTrue ? 'true' : '';
}

function single({ resolvedType, type }: Field, value: unknown, where: FieldPath): unknown {
  if (resolvedType === null) return scalar(type, value, where);
  if ('fieldsArray' in resolvedType) return messageValue(resolvedType, value, where);
  const { values } = resolvedType as Enum;
  if (typeof value === 'string' && Object.hasOwn(values, value)) return value;
  if (Number.isInteger(value)) return scalar('int32', value, where);
  return refuse(where, `one of ${Object.keys(values).join(', ')}`, value);
}

function scalar(type: string, value: unknown, where: FieldPath): unknown {
  if (type === 'bool') return typeof value === 'boolean' ? value : refuse(where, 'true or false', value);
  if (type === 'string') {
    const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
    return isText ? String(value) : refuse(where, 'a text', value);
  }
  if (type === 'bytes') return bytesOf(value, where);
  const limits = INTEGERS[type];
  if (limits !== undefined) return integerOf(type, limits, value, where);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || (Number.isNaN(number) && typeof value === 'string' && !NOT_FINITE.has(value)))
    refuse(where, 'a number', value);
  return number;
}

function integerOf(
  type: string,
  [least, most, low, high]: readonly [bigint, bigint, number, number],
  value: unknown,
  where: FieldPath,
): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high) return value;
  const isLong = typeof value === 'object' && value !== null && 'low' in value && 'high' in value;
  const isWhole = typeof value === 'bigint' || Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
  if (isLong && type.endsWith('64')) return value;
  const whole = isWhole ? BigInt(value as number | string) : null;
  if (whole === null || whole < least || whole > most) refuse(where, `an integer of the range of ${type}`, value);
  return type.endsWith('64') ? String(whole) : Number(whole);
}

function bytesOf(value: unknown, where: FieldPath): unknown {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value);
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64');
  const isBytes = Array.isArray(value) && value.every((one) => Number.isInteger(one) && one >= 0 && one <= 255);
  return isBytes ? Uint8Array.from(value as number[]) : refuse(where, 'bytes, such as a Uint8Array', value);
}

function timestampOf(date: Date, where: FieldPath): Record<string, unknown> {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new TypeError(`${placeOf(where)} is an invalid Date`);
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** Objects whose content is not in their properties. */
const isKeyed = (value: unknown): boolean =>
  value instanceof Map || value instanceof Set || value instanceof Date || types.isAnyArrayBuffer(value);

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && !isKeyed(value);

const inside =
  (where: FieldPath, name: string): FieldPath =>
  () =>
    where() === '' ? name : `${where()}.${name}`;

const placeOf = (where: FieldPath): string => (where() === '' ? 'the result' : `${where()} of the result`);

function refuse(where: FieldPath, expected: string, value: unknown): never {
  throw new TypeError(`${placeOf(where)} must be ${expected}, and it is ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object of the class ${(value as object).constructor?.name ?? 'Object'}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${beginningOf(text, 40)}…` : text;
}
