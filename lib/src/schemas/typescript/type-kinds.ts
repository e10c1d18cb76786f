import { type TupleType, type Type, TypeFlags, type Symbol as TypeSymbol } from 'typescript7/unstable/sync';
import { builtIn, isLibraryFile } from './built-in-types.js';
import { libraryName } from './library-types.js';

export const canBeUndefined = (type: Type): boolean =>
  (type.isUnionType() ? type.getTypes() : [type]).some((part) => part.flags & TypeFlags.VoidLike);

export const isPlainLiteral = (type: Type): boolean =>
  Boolean(type.flags & TypeFlags.Literal && !(type.flags & TypeFlags.BigIntLike));

export function tupleOf(type: Type): TupleType | undefined {
  if (type.isTupleType()) return type;
  if (!type.isTypeReference()) return undefined;
  const target = type.getTarget();
  return target.isTupleType() ? target : undefined;
}

export const isLibrary = (symbol: TypeSymbol): boolean =>
  symbol.declarations.length > 0 && symbol.declarations.every(({ path }) => isLibraryFile(path));

/** True for a type of JavaScript or of the web, even if other declarations extend it. */
export function isBuiltIn(type: Type): boolean {
  return builtIn(libraryName(type)) !== undefined;
}
