import type { Inspection } from '../converter.js';
import { type Checker, type Emitter, SymbolFlags, signaturesOf, type TypeSymbol } from './type-server.js';

export interface SymbolTextOptions {
  /** The keyword that declared a variable: `const`, `let` or `var`. */
  readonly variable: string;
  /** True if `new` comes before the name; its constructors are then shown. */
  readonly isNew: boolean;
}

/** Describes a name like a declaration: `const x: number`. Each overload has a line of its own. */
export function describeSymbol(checker: Checker, emitter: Emitter, found: TypeSymbol, options: SymbolTextOptions): Inspection {
  const symbol = (found.flags & SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(found) : found;
  const made = options.isNew ? symbol.getMembers().get(CONSTRUCTOR) : undefined;
  const parts = [symbol, ...(made === undefined ? [] : [made])].map((one) => documentationOf(checker, one));
  return {
    signature: signatureOf(checker, emitter, symbol, found.name, options),
    documentation: parts.filter((part) => part !== '').join('\n\n'),
  };
}

const CONSTRUCTOR = '__constructor' as Parameters<ReturnType<TypeSymbol['getMembers']>['get']>[0];

export function documentationOf(checker: Checker, symbol: TypeSymbol): string {
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => `@${name} ${text ?? ''}`.trim());
  return [symbol.getDocumentationComment(checker), ...tags].filter((part) => part !== '').join('\n\n');
}

function signatureOf(
  checker: Checker,
  emitter: Emitter,
  symbol: TypeSymbol,
  name: string,
  { variable, isNew }: SymbolTextOptions,
): string {
  const { flags } = symbol;
  const type = checker.getTypeOfSymbol(symbol);
  const text = type === undefined ? 'any' : checker.typeToString(type);
  const callable = (before: string): string => {
    const signatures = type === undefined ? [] : signaturesOf(checker, emitter, type, isNew);
    return signatures.length === 0 ? `${before}${name}: ${text}` : signatures.map((one) => `${before}${name}${one}`).join('\n');
  };
  if ((flags & SymbolFlags.Class) !== 0) return isNew ? callable('new ') : `class ${name}`;
  if ((flags & SymbolFlags.Function) !== 0) return callable('function ');
  if ((flags & SymbolFlags.Method) !== 0) return callable('(method) ');
  if ((flags & SymbolFlags.Enum) !== 0) return `enum ${name}`;
  if ((flags & SymbolFlags.EnumMember) !== 0) return `(enum member) ${name}: ${text}`;
  if ((flags & SymbolFlags.Variable) !== 0) return isNew ? callable('new ') : `${variable} ${name}: ${text}`;
  if ((flags & SymbolFlags.Interface) !== 0) return `interface ${name}`;
  if ((flags & SymbolFlags.TypeAlias) !== 0) {
    return `type ${name} = ${checker.typeToString(checker.getDeclaredTypeOfSymbol(symbol), undefined, IN_TYPE_ALIAS)}`;
  }
  if ((flags & SymbolFlags.TypeParameter) !== 0) return `(type parameter) ${name}`;
  if ((flags & SymbolFlags.Module) !== 0) return `namespace ${name}`;
  return `(property) ${name}: ${text}`;
}

/** `NodeBuilderFlags.InTypeAlias`: the type of the alias is written out, instead of its name. */
const IN_TYPE_ALIAS = 1 << 23;
