import type { Cell } from './cell.js';
import { isFunctionLike, isInstantiated, isNode, type Node, staticKey, unwrap } from './parse.js';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One name that a cell declares at its top level. */
export interface Declaration {
  readonly name: string;
  readonly cell: Cell;
  readonly kind: 'class' | 'function' | 'enum' | 'namespace' | 'import-equals' | 'import' | 'const' | 'let';
  /** The statements that declare it (a class and its namespace are two), or a variable's initialiser. */
  readonly parts: readonly Range[];
  /** The places in the statements at which its name is. */
  readonly names: readonly Range[];
  /** The class, function or initialiser. */
  readonly node: Node | null;
  /** `imported` is an export's name, `default` or `*`. */
  readonly from?: { readonly module: string; readonly imported: string };
  /** For a variable: the path from the initialiser's value to this name's, e.g. `.a[0]`. Undefined if it is not static. */
  readonly path?: string | undefined;
}

const MERGING = new Set<Declaration['kind']>(['class', 'function', 'enum', 'namespace']);

/** Adds the declarations of one top-level statement to `into`. */
export function declare(statement: Node, cell: Cell, into: Map<string, Declaration>): void {
  const inner = isNode(statement.declaration) ? statement.declaration : statement;
  if (inner.declare === true) return;
  switch (inner.type) {
    case 'ImportDeclaration':
      if (inner.importKind !== 'type') declareImports(inner, cell, into);
      break;
    case 'VariableDeclaration':
      for (const declarator of inner.declarations as Node[]) {
        declareVariables(
          declarator,
          inner.kind === 'const' || String(inner.kind).includes('using') ? 'const' : 'let',
          cell,
          into,
        );
      }
      break;
    case 'FunctionDeclaration':
      add(into, cell, 'function', inner, inner);
      break;
    case 'ClassDeclaration':
      add(into, cell, 'class', inner, inner);
      break;
    case 'TSEnumDeclaration':
      add(into, cell, 'enum', inner, inner);
      break;
    case 'TSModuleDeclaration':
      if (isNode(inner.id) && inner.id.type === 'Identifier' && isInstantiated(inner)) add(into, cell, 'namespace', inner, inner);
      break;
    case 'TSImportEqualsDeclaration':
      if (inner.importKind !== 'type') declareImportEquals(inner, cell, into);
      break;
  }
}

function add(into: Map<string, Declaration>, cell: Cell, kind: Declaration['kind'], statement: Node, node: Node): void {
  const id = statement.id;
  if (!isNode(id)) return;
  const name = id.name as string;
  const decorators = (statement.decorators as Node[] | undefined) ?? [];
  const part = { start: Math.min(statement.start, ...decorators.map((d) => d.start)), end: statement.end };
  const before = into.get(name);
  const merges =
    before !== undefined && MERGING.has(before.kind) && (kind === 'namespace' || before.kind === kind) && kind !== 'class';
  const replaced = !merges || (kind === 'function' && before.kind === 'function');
  const declared = { start: id.start, end: id.start + name.length };
  into.set(
    name,
    replaced
      ? { name, cell, kind, parts: [part], names: [declared], node }
      : { ...before, parts: [...before.parts, part], names: [...before.names, declared] },
  );
}

function declareImports(statement: Node, cell: Cell, into: Map<string, Declaration>): void {
  const module = (statement.source as Node).value as string;
  for (const specifier of statement.specifiers as Node[]) {
    if (specifier.importKind === 'type') continue;
    const name = (specifier.local as Node).name as string;
    into.set(name, {
      name,
      cell,
      kind: 'import',
      parts: [],
      names: [],
      node: null,
      from: { module, imported: importedName(specifier) },
    });
  }
}

function importedName(specifier: Node): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default';
  if (specifier.type === 'ImportNamespaceSpecifier') return '*';
  const imported = specifier.imported as Node;
  return (imported.name ?? imported.value) as string;
}

function declareImportEquals(statement: Node, cell: Cell, into: Map<string, Declaration>): void {
  const reference = statement.moduleReference as Node;
  if (reference.type !== 'TSExternalModuleReference') {
    add(into, cell, 'import-equals', statement, statement);
    return;
  }
  const name = (statement.id as Node).name as string;
  const module = (reference.expression as Node).value as string;
  into.set(name, { name, cell, kind: 'import', parts: [], names: [], node: null, from: { module, imported: '=' } });
}

function declareVariables(declarator: Node, kind: 'const' | 'let', cell: Cell, into: Map<string, Declaration>): void {
  const init = isNode(declarator.init) ? declarator.init : null;
  const visit = (pattern: unknown, path: string | undefined): void => {
    if (!isNode(pattern)) return;
    if (pattern.type === 'Identifier') {
      const name = pattern.name as string;
      into.set(name, {
        name,
        cell,
        kind,
        parts: init ? [{ start: init.start, end: init.end }] : [],
        names: [],
        node: init,
        path,
      });
    } else if (pattern.type === 'ObjectPattern') {
      for (const property of pattern.properties as Node[]) {
        const key = property.type === 'RestElement' ? undefined : staticKey(property);
        const value = property.type === 'RestElement' ? property.argument : property.value;
        visit(value, path === undefined || key === undefined ? undefined : `${path}[${JSON.stringify(key)}]`);
      }
    } else if (pattern.type === 'ArrayPattern') {
      for (const [i, element] of (pattern.elements as unknown[]).entries())
        visit(element, path === undefined ? undefined : `${path}[${i}]`);
    } else if (pattern.type === 'AssignmentPattern') visit(pattern.left, undefined);
    else if (pattern.type === 'RestElement') visit(pattern.argument, undefined);
  };
  visit(declarator.id, '');
}

/** The class or function expression that a variable is initialised with. */
export function functionOf(declaration: Declaration): Node | undefined {
  if (declaration.kind === 'class' || declaration.kind === 'function') return declaration.node ?? undefined;
  if (!declaration.node || declaration.path !== '') return undefined;
  const node = unwrap(declaration.node);
  return isFunctionLike(node) ? node : undefined;
}

export const isVariable = (declaration: Declaration): boolean => declaration.kind === 'const' || declaration.kind === 'let';
