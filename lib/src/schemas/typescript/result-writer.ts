import { type Checker, type Type, TypeFlags, type TypeReference } from 'typescript7/unstable/sync';
import { JAVASCRIPT, type ResultSchema, resolved } from '../class-schema.js';
import { NoSchema } from '../errors.js';
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
  const type = awaited(checker, returned);
  const streamed = streamItem(checker, type);
  if (streamed !== undefined) {
    const item = isBatched ? listItem(checker, streamed, where) : streamed;
    return { form: 'stream', schema: writer.write(item, `${where}, an item`, 'output') };
  }
  const one = isBatched ? listItem(checker, type, where) : type;
  const parts = one.isUnionType() ? one.getTypes() : [one];
  const names = parts.map((part) => part.getSymbol()?.name ?? '');
  if (names.includes('Response') || names.includes('ReadableStream')) return { form: 'any' };
  if (parts.every((part) => part.flags & TypeFlags.VoidLike)) return { form: 'nothing' };
  if (parts.every((part) => part.flags & TypeFlags.Never)) return { form: 'nothing' };
  const canBeNothing = parts.some((part) => part.flags & TypeFlags.VoidLike);
  const schema = writer.write(one, where, 'output');
  const whole = resolved(schema, writer.defs);
  const isBytes = whole[JAVASCRIPT] !== undefined && (whole.contentEncoding === 'base64' || whole.format === 'binary');
  return { form: isBytes ? 'bytes' : 'json', schema, ...(canBeNothing ? { canBeNothing } : {}) };
}

function awaited(checker: Checker, type: Type): Type {
  if (type.getSymbol()?.name !== 'Promise' || !type.isObjectType() || !type.isTypeReference()) return type;
  const [inner] = checker.getTypeArguments(type as TypeReference);
  return inner === undefined ? type : awaited(checker, inner);
}

function streamItem(checker: Checker, type: Type): Type | undefined {
  const name = type.getSymbol()?.name ?? '';
  if (!STREAMS.test(name) || !type.isObjectType() || !type.isTypeReference()) return undefined;
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
