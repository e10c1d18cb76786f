/**
 * What decorators note of the methods of a class. The notes are in the decorator metadata of the class, so they can be read from the class itself, in every
 * process, before there is an instance; a class that extends it has them as well. https://github.com/tc39/proposal-decorator-metadata
 */

type Notes = Record<PropertyKey, unknown>;

/** What a compiler writes; some write it only if the symbol exists. */
interface WithMetadata {
  readonly metadata?: Notes | undefined;
}

const symbols = Symbol as unknown as { metadata?: symbol };
if (symbols.metadata === undefined) {
  Object.defineProperty(Symbol, 'metadata', { value: Symbol.for('Symbol.metadata'), configurable: true, writable: true });
}
const METADATA = symbols.metadata as symbol;

/** Names one kind of note. Copies of this package in a user's bundle have the same. */
export const noteKind = (name: string): symbol => Symbol.for(`nbserve.notes.${name}`);

/** Adds a note to those of the class whose method is being decorated. @returns false if its compiler writes no metadata */
export function noteMethod(context: object, kind: symbol, note: unknown): boolean {
  const { metadata } = context as WithMetadata;
  if (metadata === undefined || metadata === null) return false;
  const inherited = (metadata[kind] ?? []) as readonly unknown[];
  if (Object.hasOwn(metadata, kind)) (inherited as unknown[]).push(note);
  else Object.defineProperty(metadata, kind, { value: [...inherited, note], configurable: true });
  return true;
}

/** The notes of a class, those of the classes that it extends first. */
export function methodNotes(target: object, kind: symbol): readonly unknown[] {
  const metadata = (target as Record<symbol, Notes | undefined>)[METADATA];
  return (metadata?.[kind] ?? []) as readonly unknown[];
}
