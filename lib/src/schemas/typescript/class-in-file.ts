import { type Node, type SourceFile, SyntaxKind } from 'typescript7/unstable/ast';
import { type Checker, SignatureKind, type Type } from 'typescript7/unstable/sync';
import type { ClassSchema } from '../class-schema.js';
import { NoTypes } from '../errors.js';
import { describeClass, type RoutedClass } from './describe-class.js';
import { deployedAt, nameIn, offsetOf, taggedWith } from './find-class.js';

/** Names a class in a file that the checker has loaded. */
export type ClassPlace =
  /** The source id of a class in a notebook's cell: `cell[3].ts#0`, `cell[3].ts:Name` or `cell[3].ts=Name`. */
  | { readonly sourceId: string }
  /** The line and the column of the call of `serve.deployment`, both from 1. */
  | { readonly line: number; readonly column: number };

/** Finds the class and describes it. @throws NBS_NO_SCHEMA, NBS_NO_TYPES */
export function describeClassIn(checker: Checker, file: SourceFile, place: ClassPlace, routed: RoutedClass): ClassSchema {
  const type =
    'sourceId' in place ? cellClass(checker, file, place.sourceId) : deployedClass(checker, file, place, routed.className);
  if (type !== undefined) return describeClass(checker, type, routed);
  throw NoTypes({
    deployment: routed.deployment,
    reason: `the class ${routed.className} is not where serve.deployment was called`,
    remedy: 'give serve.deployment the class itself, or its name: serve.deployment(class Chat { … })',
  });
}

function cellClass(checker: Checker, file: SourceFile, id: string): Type | undefined {
  const tagged = taggedWith(file, id);
  if (tagged !== undefined) return checker.getTypeAtLocation(tagged);
  const [, name] = /[:=]([^:=]+)$/.exec(id) ?? [];
  return name === undefined ? undefined : namedClass(checker, file, name);
}

function deployedClass(
  checker: Checker,
  file: SourceFile,
  { line, column }: { readonly line: number; readonly column: number },
  name: string,
): Type | undefined {
  const argument = deployedAt(file, offsetOf(file.text, line, column));
  const type = argument === undefined ? undefined : checker.getTypeAtLocation(argument);
  if (argument === undefined || !isClass(checker, type)) return namedClass(checker, file, name);
  const types = type.isUnionType() ? type.getTypes() : [type];
  if (types.length === 1 && !isOfSeveral(checker, argument)) return type;
  // One call deploys several classes, and the type is that of all of them, or of the one to which the others can be assigned.
  const same = types.filter((one) => one.getSymbol()?.name === name);
  return same.length === 1 ? same[0] : (namedClass(checker, file, name) ?? (types.length === 1 ? type : undefined));
}

/** True for a parameter, such as that of `[A, B].map((C) => serve.deployment(C))`, and for the variable of a loop. */
function isOfSeveral(checker: Checker, argument: Node): boolean {
  const declaration = checker.getSymbolAtLocation(argument)?.valueDeclaration?.resolve() as
    | { readonly kind: SyntaxKind; readonly initializer?: Node }
    | undefined;
  if (declaration === undefined) return false;
  const isVariable = declaration.kind === SyntaxKind.VariableDeclaration && declaration.initializer === undefined;
  return isVariable || declaration.kind === SyntaxKind.Parameter || declaration.kind === SyntaxKind.BindingElement;
}

function namedClass(checker: Checker, file: SourceFile, name: string): Type | undefined {
  const node = nameIn(file, name);
  const symbol = node === undefined ? undefined : checker.getSymbolAtLocation(node);
  const type = symbol === undefined ? undefined : checker.getTypeOfSymbol(symbol);
  return isClass(checker, type) ? type : undefined;
}

const isClass = (checker: Checker, type: Type | undefined): type is Type =>
  type !== undefined && checker.getSignaturesOfType(type, SignatureKind.Construct).length > 0;
