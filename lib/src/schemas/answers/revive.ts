import { type ClassSchema, JAVASCRIPT, type JsonSchema, resolved } from '../class-schema.js';
import { type Issue, tooDeep, type Validators } from './validators.js';

/** Converts checked JSON into the value that the method's types require: a text into a `Date`, a list into a `Float32Array`. */
export type Revive = (value: unknown) => unknown;

const TYPED_ARRAYS = { Int8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array } as const;

const CLASSES: Readonly<Record<string, Revive>> = {
  Date: (text) => new Date(text as string),
  URL: (text) => new URL(text as string),
  bigint: (text) => BigInt(text as string),
  Buffer: (text) => Buffer.from(text as string, 'base64'),
  Uint8Array: (text) => bytesOf(text as string),
  Uint8ClampedArray: (text) => new Uint8ClampedArray(bytesOf(text as string)),
  ArrayBuffer: (text) => bytesOf(text as string).buffer,
  ...Object.fromEntries(
    Object.entries(TYPED_ARRAYS).map(([name, Class]) => [name, (list: unknown) => Class.from(list as number[])] as const),
  ),
};

/** Copies the bytes into a buffer of their own, because `Buffer.from` may return a view of a buffer that is shared. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));

/** @returns null if the JSON needs no conversion, which is the usual case */
export function reviverOf(schema: JsonSchema, { defs }: ClassSchema, validators: Validators): Revive | null {
  const known = new Map<JsonSchema, { revive: Revive | null }>();
  const needs = (one: JsonSchema, seen: Set<JsonSchema>): boolean => {
    const whole = resolved(one, defs);
    if (seen.has(whole)) return false;
    seen.add(whole);
    return typeof whole[JAVASCRIPT] === 'string' || partsOf(whole).some((part) => needs(part, seen));
  };
  const make = (one: JsonSchema): Revive | null => {
    const whole = resolved(one, defs);
    if (!needs(whole, new Set())) return null;
    const before = known.get(whole);
    // A recursive type: its entry exists, and its function is set by the time that it is needed.
    if (before !== undefined) return (value) => (before.revive === null ? value : before.revive(value));
    const entry: { revive: Revive | null } = { revive: null };
    known.set(whole, entry);
    entry.revive = ofKind(whole, make, (part) => validators.accepts(part));
    return entry.revive;
  };
  return make(schema);
}

/** Converts a checked body. A value that is nested too deeply becomes a fault of the request, as it does in a check. */
export function revived(revive: Revive | null, value: unknown, issues: Issue[]): unknown {
  if (revive === null) return value;
  try {
    return revive(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    issues.push(tooDeep(value, 'body', 'body'));
    return value;
  }
}

const partsOf = (schema: JsonSchema): readonly JsonSchema[] =>
  [
    ...Object.values((schema.properties ?? {}) as Record<string, JsonSchema>),
    ...Object.values((schema.patternProperties ?? {}) as Record<string, JsonSchema>),
    ...((schema.prefixItems ?? []) as readonly JsonSchema[]),
    ...((schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[]),
    schema.items as JsonSchema | undefined,
    schema.additionalProperties as JsonSchema | undefined,
  ].filter((part): part is JsonSchema => typeof part === 'object' && part !== null);

function ofKind(
  schema: JsonSchema,
  make: (part: JsonSchema) => Revive | null,
  accepts: (part: JsonSchema) => (value: unknown) => boolean,
): Revive | null {
  const own = schema[JAVASCRIPT];
  if (typeof own === 'string') return CLASSES[own] ?? null;
  const union = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (union !== undefined) {
    const members = union.map((part) => ({ takes: accepts(part), revive: make(part) }));
    return (value) => {
      const member = members.find(({ takes }) => takes(value));
      return member?.revive ? member.revive(value) : value;
    };
  }
  if (schema.type === 'array') {
    const prefix = ((schema.prefixItems ?? []) as readonly JsonSchema[]).map(make);
    const rest = typeof schema.items === 'object' && schema.items !== null ? make(schema.items as JsonSchema) : null;
    return (value) => (value as unknown[]).map((item, i) => ((i < prefix.length ? prefix[i] : rest) ?? same)(item));
  }
  const named = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const properties = new Map(named.map(([name, part]) => [name, make(part)] as const));
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, JsonSchema>).map(
    ([pattern, part]) => [new RegExp(pattern, 'u'), make(part)] as const,
  );
  const others = typeof schema.additionalProperties === 'object' ? make(schema.additionalProperties as JsonSchema) : null;
  return (value) => {
    const entries = Object.entries(value as Record<string, unknown>).map(([name, item]) => {
      const matching = patterns.find(([pattern]) => pattern.test(name));
      const revive = properties.has(name) ? properties.get(name) : matching === undefined ? others : matching[1];
      return [name, (revive ?? same)(item)] as const;
    });
    return Object.fromEntries(entries);
  };
}

const same: Revive = (value) => value;
