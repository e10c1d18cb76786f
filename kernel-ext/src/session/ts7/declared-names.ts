import { isNode, type SyntaxNode, walk } from '../syntax.js';
import type { DeclaredKind, DeclaredName } from './cell-scope.js';

/** Returns `class C {}` of `export class C {}`. */
const declarationOf = (statement: SyntaxNode): SyntaxNode => (isNode(statement.declaration) ? statement.declaration : statement);

export const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node.name as string) : undefined;

/** A declaration of a name. */
export interface Declaration {
  /** The whole declaration. */
  readonly node: SyntaxNode;
  /** The pattern that a variable binds, and its initial value. */
  readonly pattern?: SyntaxNode;
  readonly init?: SyntaxNode;
}

/** Collects the declarations at the top level of a cell. */
export class DeclaredNames {
  readonly names = new Map<string, DeclaredName>();
  /** A name can have several declarations, for example overloads or a namespace in parts. */
  readonly declarations = new Map<string, Declaration[]>();
  readonly exported = new Set<string>();
  augments = false;
  /** The names that the present statement declares. */
  #added: string[] = [];

  add(statement: SyntaxNode): void {
    const inner = declarationOf(statement);
    const isReal = inner.declare !== true;
    this.#added = [];
    switch (inner.type) {
      case 'VariableDeclaration': {
        const kind = inner.kind === 'let' || inner.kind === 'var' ? inner.kind : 'const';
        for (const declarator of inner.declarations as SyntaxNode[]) this.#variable(declarator, kind, isReal);
        break;
      }
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
        this.#declare(inner, nameOf(inner.id), 'function', isReal && inner.type === 'FunctionDeclaration');
        break;
      case 'ClassDeclaration':
        this.#declare(inner, nameOf(inner.id), 'class', isReal);
        break;
      case 'TSEnumDeclaration':
        this.#declare(inner, nameOf(inner.id), 'enum', isReal);
        break;
      case 'TSModuleDeclaration': {
        const name = inner.kind === 'global' ? undefined : nameOf(inner.id);
        if (name === undefined || name === 'global') this.augments = true;
        else this.#declare(inner, name, 'namespace', isReal && hasValue(inner));
        break;
      }
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
        this.#declare(inner, nameOf(inner.id), 'type', false);
        break;
      case 'ImportDeclaration':
        for (const one of inner.specifiers as SyntaxNode[]) {
          this.#declare(inner, nameOf(one.local), 'import', inner.importKind !== 'type' && one.importKind !== 'type');
        }
        break;
      case 'TSImportEqualsDeclaration':
        this.#declare(inner, nameOf(inner.id), 'import', inner.importKind !== 'type');
        break;
    }
    // The statement is `export import fs = require('fs')`.
    if (inner.isExport === true) for (const name of this.#added) this.exported.add(name);
    if (statement.type === 'ExportNamedDeclaration') {
      if (statement !== inner) for (const name of this.#added) this.exported.add(name);
      if (!isNode(statement.source)) this.#exports((statement.specifiers as SyntaxNode[] | undefined) ?? []);
    }
    this.#hoisted(inner);
  }

  /** In `export { a, b as c }`, only `a` is exported under its own name. */
  #exports(specifiers: readonly SyntaxNode[]): void {
    for (const { local, exported } of specifiers) {
      const name = nameOf(local);
      if (name !== undefined && name === nameOf(exported)) this.exported.add(name);
    }
  }

  /** A `var` in a block or a loop belongs to the whole cell. */
  #hoisted(statement: SyntaxNode): void {
    if (!/Statement$/.test(statement.type)) return;
    walk(statement, (node) => {
      if (/Function|Method$|^Class|^TS/.test(node.type)) return false;
      if (node.type === 'VariableDeclaration' && node.kind === 'var') {
        for (const declarator of node.declarations as SyntaxNode[]) this.#bind(declarator.id, 'var', true, { node: statement });
      }
      return undefined;
    });
  }

  #variable(declarator: SyntaxNode, kind: DeclaredKind, isReal: boolean): void {
    const { id, init } = declarator;
    const pattern = isNode(id) ? { pattern: id } : {};
    this.#bind(id, kind, isReal, { node: declarator, ...pattern, ...(isNode(init) ? { init } : {}) });
  }

  #declare(node: SyntaxNode | Declaration, name: string | undefined, kind: DeclaredKind, hasValue: boolean): void {
    if (name === undefined) return;
    this.#added.push(name);
    const declaration = isNode(node) ? { node } : node;
    this.declarations.set(name, [...(this.declarations.get(name) ?? []), declaration]);
    const old = this.names.get(name);
    const isBoth = old !== undefined && (old.isBoth || old.hasValue !== hasValue);
    if (old?.hasValue === true && !hasValue) this.names.set(name, { ...old, isBoth });
    else this.names.set(name, { kind, hasValue, isBoth });
  }

  #bind(pattern: unknown, kind: DeclaredKind, isReal: boolean, declaration: Declaration): void {
    if (!isNode(pattern)) return;
    switch (pattern.type) {
      case 'Identifier':
        this.#declare(declaration, pattern.name as string, kind, isReal);
        break;
      case 'ObjectPattern':
        for (const one of pattern.properties as SyntaxNode[]) {
          this.#bind(one.type === 'RestElement' ? one.argument : one.value, kind, isReal, declaration);
        }
        break;
      case 'ArrayPattern':
        for (const one of pattern.elements as unknown[]) this.#bind(one, kind, isReal, declaration);
        break;
      default:
        this.#bind(pattern.left ?? pattern.argument, kind, isReal, declaration);
    }
  }
}

/** A namespace that contains only types has no value. */
export function hasValue(node: SyntaxNode): boolean {
  if (node.kind === 'global' || node.declare === true) return false;
  const { body } = node;
  if (!isNode(body)) return false;
  const statements = body.type === 'TSModuleDeclaration' ? [body] : (body.body as SyntaxNode[]);
  return statements.some((statement) => {
    const inner = declarationOf(statement);
    if (inner.type === 'TSModuleDeclaration') return hasValue(inner);
    return !/^TS(Interface|TypeAlias)/.test(inner.type) && inner.declare !== true;
  });
}
