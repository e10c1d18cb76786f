import { type Checker, ObjectFlags, SignatureKind, SymbolFlags, type Type } from './type-server.js';

/** The number of types that are examined, because a type can be infinite. */
const MOST_TYPES = 200;

const CELL_FILE = /__nbs_cell_\d+\.tsx?$/i;

const LIBRARY_FILE = /\/lib\.[^/]*\.d\.ts$/i;

/** Types of the library whose values may still run code of a cell. */
const RUNNING = /^(Async)?(Generator|Iterator|Iterable)|^(Promise(Like)?|ReadableStream)$/;

/**
 * Tells whether the type of a name contains code that looks up names which were declared again: a function, or an instance of a class whose methods do so.
 * @param path the module that declares the name
 * @param stale paths of the modules whose functions do so
 */
export function holdsCode(checker: Checker, path: string, name: string, stale: ReadonlySet<string>): boolean {
  const symbol = checker.resolveName(name, SymbolFlags.Value, { document: path, position: 0 });
  const type = symbol === undefined ? undefined : checker.getTypeOfSymbol(symbol);
  const seen = new Set<number>();
  const holds = (one: Type): boolean => {
    if (seen.has(one.id)) return false;
    seen.add(one.id);
    if (seen.size > MOST_TYPES) return true;
    if (one.isUnionType() || one.isIntersectionType()) return one.getTypes().some(holds);
    if (!one.isObjectType()) return false;
    const own = one.getSymbol();
    const files = (own?.declarations ?? []).map((declaration) => String(declaration.path));
    if (files.some((file) => stale.has(file))) {
      // Other declarations of such a cell may be plain data.
      if ((own?.flags ?? 0) & (SymbolFlags.Class | SymbolFlags.Interface)) return true;
    }
    const isNamed = ((own?.flags ?? 0) & (SymbolFlags.Class | SymbolFlags.Interface | SymbolFlags.Enum)) !== 0;
    const parts = (one.objectFlags & ObjectFlags.Reference) !== 0 ? checker.getTypeArguments(one as never) : [];
    if (parts.some(holds)) return true;
    // A generic class of the language's library only holds values. Any other generic class may hold a function that makes them.
    const isLibrary = files.some((file) => LIBRARY_FILE.test(file));
    if (isNamed && parts.length > 0 && (!isLibrary || RUNNING.test(own?.name ?? ''))) return true;
    // The class is declared by a package, or by a cell that has not changed.
    if (isNamed) return false;
    if (checker.getSignaturesOfType(one, SignatureKind.Call).length > 0) return true;
    if (checker.getSignaturesOfType(one, SignatureKind.Construct).length > 0) return true;
    // Such a type of the library or of a package is made from others, for example `Readonly<T>` and `{ [key: string]: T }`.
    const isMade = (one.objectFlags & (ObjectFlags.Mapped | ObjectFlags.Instantiated)) !== 0;
    if (files.length > 0 && !isMade && !files.some((file) => CELL_FILE.test(file))) return false;
    if (checker.getIndexInfosOfType(one).some(({ valueType }) => holds(valueType))) return true;
    return checker.getPropertiesOfType(one).some((property) => {
      if ((property.flags & SymbolFlags.Accessor) !== 0) return true;
      const inner = checker.getTypeOfSymbol(property);
      return inner !== undefined && holds(inner);
    });
  };
  return type !== undefined && holds(type);
}
