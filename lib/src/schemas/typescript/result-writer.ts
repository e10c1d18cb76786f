import { type Checker, type Type, TypeFlags, type TypeReference } from 'typescript7/unstable/sync';
import { isBytes, type JsonSchema, type ResultSchema, resolved } from '../class-schema.js';
import { NoSchema } from '../errors.js';
import { holdsFile, isFile } from './files-in.js';
import { libraryName } from './library-types.js';
import type { SchemaWriter } from './schema-writer.js';

const STREAMS = /^(AsyncIterable|(Async)?(Generator|IterableIterator|IteratorObject))$/;

/** Describes what a method returns, by the type of its result. @throws NBS_NO_SCHEMA */
export function resultOf(
  checker: Checker,
  writer: SchemaWriter,
  returned: Type | undefined,
  where: string,
  isBatched: boolean,
): ResultSchema {
  if (returned === undefined) return { form: 'any' };
  const types = awaited(checker, returned);
  const [only] = types.length === 1 ? types : [];
  const streamed = only === undefined ? undefined : streamItem(checker, only);
  if (streamed !== undefined) {
    const itemWhere = `${where}, an item`;
    const item = isBatched ? listItem(checker, streamed, where) : streamed;
    return { form: 'stream', schema: withoutFiles(writer, writer.write([item], itemWhere, 'output'), itemWhere) };
  }
  const ones = isBatched ? types.map((type) => listItem(checker, type, where)) : types;
  const parts = ones.flatMap((one) => (one.isUnionType() ? one.getTypes() : [one]));
  const names = parts.map(libraryName);
  if (names.includes('Response') || names.includes('ReadableStream')) return { form: 'any' };
  if (parts.every((part) => part.flags & TypeFlags.VoidLike)) return { form: 'nothing' };
  if (parts.every((part) => part.flags & TypeFlags.Never)) return { form: 'nothing' };
  const nothing = parts.some((part) => part.flags & TypeFlags.VoidLike) ? ({ canBeNothing: true } as const) : {};
  const schema = writer.write(ones, where, 'output');
  const whole = resolved(schema, writer.defs);
  if (isBytes(whole) || isFile(whole)) return { form: 'bytes', schema, ...nothing };
  return { form: 'json', schema: withoutFiles(writer, schema, where), ...nothing };
}

function withoutFiles(writer: SchemaWriter, schema: JsonSchema, where: string): JsonSchema {
  if (!holdsFile(schema, writer.defs)) return schema;
  throw NoSchema({
    where,
    type: 'a File or Blob',
    reason: 'has no JSON form',
    remedy: 'return the File or Blob alone, or its bytes as Uint8Array',
  });
}

/** The types that the result can have after `await`: one, unless it is a union with a promise in it. */
function awaited(checker: Checker, type: Type): readonly Type[] {
  const isPromise = (one: Type): boolean => libraryName(one) === 'Promise' && one.isObjectType() && one.isTypeReference();
  if (isPromise(type)) {
    const [inner] = checker.getTypeArguments(type as TypeReference);
    return inner === undefined ? [type] : awaited(checker, inner);
  }
  if (!type.isUnionType() || !type.getTypes().some(isPromise)) return [type];
  const all = type.getTypes().flatMap((one) => awaited(checker, one));
  return [...new Map(all.map((one) => [one.id, one] as const)).values()];
}

function streamItem(checker: Checker, type: Type): Type | undefined {
  if (!STREAMS.test(libraryName(type)) || !type.isObjectType() || !type.isTypeReference()) return undefined;
  return checker.getTypeArguments(type as TypeReference)[0];
}

function listItem(checker: Checker, type: Type, where: string): Type {
  const [item] = checker.isArrayType(type) ? checker.getTypeArguments(type as TypeReference) : [];
  if (item !== undefined) return item;
  throw NoSchema({
    where,
    type: checker.typeToString(type),
    reason: 'is not a list',
    remedy: 'give a list with one result for each item, because the method is decorated with @serve.batch',
  });
}
