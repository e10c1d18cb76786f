import type { Inspection } from '../converter.js';
import { type Checker, SymbolFlags, type TypeSymbol } from './type-server.js';

/** A name and what is known of it, as a declaration would say it: `const x: number`. */
export function describeSymbol(checker: Checker, found: TypeSymbol, variable: string): Inspection {
  const symbol = (found.flags & SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(found) : found;
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => `@${name} ${text ?? ''}`.trim());
  const documentation = [symbol.getDocumentationComment(checker), ...tags].filter((part) => part !== '').join('\n\n');
  return { signature: signatureOf(checker, symbol, found.name, variable), documentation };
}

function signatureOf(checker: Checker, symbol: TypeSymbol, name: string, variable: string): string {
  const { flags } = symbol;
  const type = checker.getTypeOfSymbol(symbol);
  const text = type === undefined ? 'any' : checker.typeToString(type);
  if ((flags & SymbolFlags.Function) !== 0) return `function ${callable(name, text)}`;
  if ((flags & SymbolFlags.Method) !== 0) return `(method) ${callable(name, text)}`;
  if ((flags & SymbolFlags.Class) !== 0) return `class ${name}`;
  if ((flags & SymbolFlags.Enum) !== 0) return `enum ${name}`;
  if ((flags & SymbolFlags.EnumMember) !== 0) return `(enum member) ${name}: ${text}`;
  if ((flags & SymbolFlags.Variable) !== 0) return `${variable} ${name}: ${text}`;
  if ((flags & SymbolFlags.Interface) !== 0) return `interface ${name}`;
  if ((flags & SymbolFlags.TypeAlias) !== 0) {
    return `type ${name} = ${checker.typeToString(checker.getDeclaredTypeOfSymbol(symbol), undefined, IN_TYPE_ALIAS)}`;
  }
  if ((flags & SymbolFlags.TypeParameter) !== 0) return `(type parameter) ${name}`;
  if ((flags & SymbolFlags.Module) !== 0) return `namespace ${name}`;
  return `(property) ${name}: ${text}`;
}

/** `NodeBuilderFlags.InTypeAlias`: write out what the alias stands for, and not its name. */
const IN_TYPE_ALIAS = 1 << 23;

/** `(x: number) => number` of a function `f` is `f(x: number): number`. */
function callable(name: string, type: string): string {
  const at = type.startsWith('(') || type.startsWith('<') ? arrowOf(type) : -1;
  return at < 0 ? `${name}: ${type}` : `${name}${type.slice(0, at)}: ${type.slice(at + ' => '.length)}`;
}

/** Where the arrow of a function type is, behind its own parameters. */
function arrowOf(type: string): number {
  let depth = 0;
  for (let i = 0; i < type.length; i += 1) {
    const character = type[i] as string;
    if (depth === 0 && type.startsWith(' => ', i)) return i;
    if ('([{<'.includes(character)) depth += 1;
    // `=>` inside is no closing bracket.
    else if (')]}'.includes(character) || (character === '>' && type[i - 1] !== '=')) depth -= 1;
  }
  return -1;
}
