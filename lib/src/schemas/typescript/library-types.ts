import type { Type, Symbol as TypeSymbol } from 'typescript7/unstable/sync';
import { isLibraryFile } from './built-in-types.js';

/** True for a type of JavaScript's library, of the web's, or of Node's, even if other declarations extend it. */
export const isOfLibrary = (symbol: TypeSymbol | undefined): boolean =>
  symbol?.declarations.some(({ path }) => isLibraryFile(path)) === true;

/** The name of a library's type. It is empty for any other type, such as an interface `Response` that the user declares. */
export function libraryName(type: Type): string {
  const symbol = type.getSymbol();
  return symbol !== undefined && isOfLibrary(symbol) ? symbol.name : '';
}
