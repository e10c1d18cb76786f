import { freeReferences, type Reference } from 'nbserve/analysis';
import { isNode, parseCell, type SyntaxNode, walk } from '../syntax.js';
import type { DeclaredKind, ScopeName } from './cell-scope.js';

export type DeclaredName = Omit<ScopeName, 'slot'>;

/** One operand that the cell itself waits for: of `await`, or of `for await`. */
export interface Awaited {
  readonly operand: SyntaxNode;
  readonly by: 'wait' | 'each';
}

/** What has to be known of a cell before it is checked and made runnable. */
export interface CellSyntax {
  readonly program: SyntaxNode;
  /** The parser had no complaint. */
  readonly isClean: boolean;
  /** The names that the cell declares at its top. */
  readonly names: ReadonlyMap<string, DeclaredName>;
  /** Those of `names` that the cell exports itself. */
  readonly exported: ReadonlySet<string>;
  /** It says `declare global` or `declare module '…'`. */
  readonly augments: boolean;
  /** Uses of names that the cell does not declare. */
  readonly free: readonly Reference[];
  /** Where called functions and tags begin. */
  readonly callees: ReadonlySet<number>;
  readonly awaits: readonly Awaited[];
  /** `import.meta` */
  readonly metas: readonly SyntaxNode[];
  /** The word `import` of each `import(…)`. */
  readonly dynamicImports: readonly SyntaxNode[];
  /** Modules that it names: in imports, exports, and calls of `import` and `require`. */
  readonly specifiers: ReadonlySet<string>;
  /** It has syntax that only a compiler can take away. */
  readonly needsCompiler: boolean;
  /** Class → names in its `extends`. */
  readonly heritage: ReadonlyMap<string, ReadonlySet<string>>;
}

const COMPILED = new Set([
  'TSEnumDeclaration',
  'TSModuleDeclaration',
  'Decorator',
  'TSImportEqualsDeclaration',
  'TSExportAssignment',
  'ClassAccessorProperty',
  'JSXElement',
  'JSXFragment',
]);

/** @returns undefined if the text cannot be parsed: the type checker then says why */
export function cellSyntax(text: string): CellSyntax | undefined {
  const program = parseCell(text);
  if (program === undefined) return undefined;
  const body = program.body as SyntaxNode[];
  const declared = new DeclaredNames();
  for (const statement of body) declared.add(statement);
  const places = new Places();
  places.visit(program, false);
  return {
    program,
    isClean: ((program as { errors?: unknown[] }).errors ?? []).length === 0,
    names: declared.names,
    exported: declared.exported,
    augments: declared.augments,
    heritage: declared.heritage(text, body),
    free: freeReferences(body, text.length),
    needsCompiler: needsCompiler(program),
    callees: places.callees,
    awaits: places.awaits,
    metas: places.metas,
    dynamicImports: places.dynamicImports,
    specifiers: places.specifiers,
  };
}

/** The same cell, with names that are types only. */
export function typesAlone(cell: CellSyntax, types: readonly string[]): CellSyntax {
  if (types.length === 0) return cell;
  const names = new Map(cell.names);
  for (const name of types)
    names.set(name, { kind: 'import', isBoth: false, isLate: false, ...names.get(name), hasValue: false });
  return { ...cell, names };
}

/** The `class C {}` in `export class C {}`. */
const declarationOf = (statement: SyntaxNode): SyntaxNode => (isNode(statement.declaration) ? statement.declaration : statement);

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node.name as string) : undefined;

/** Functions, classes and types look up the names that they use when they run, or are used. */
const LATE = new Set<DeclaredKind>(['function', 'class', 'type']);

/** Collects what the statements at the top of a cell declare. */
class DeclaredNames {
  readonly names = new Map<string, DeclaredName>();
  readonly exported = new Set<string>();
  augments = false;
  /** By the present statement. */
  #added: string[] = [];

  add(statement: SyntaxNode): void {
    const inner = declarationOf(statement);
    const isReal = inner.declare !== true;
    this.#added = [];
    switch (inner.type) {
      case 'VariableDeclaration': {
        const kind = inner.kind === 'let' || inner.kind === 'var' ? inner.kind : 'const';
        for (const declarator of inner.declarations as SyntaxNode[])
          this.#bind(declarator.id, kind, isReal, isLateVariable(kind, declarator));
        break;
      }
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
        this.#declare(nameOf(inner.id), 'function', isReal && inner.type === 'FunctionDeclaration');
        break;
      case 'ClassDeclaration':
        this.#declare(nameOf(inner.id), 'class', isReal);
        break;
      case 'TSEnumDeclaration':
        this.#declare(nameOf(inner.id), 'enum', isReal);
        break;
      case 'TSModuleDeclaration': {
        const name = inner.kind === 'global' ? undefined : nameOf(inner.id);
        if (name === undefined || name === 'global') this.augments = true;
        else this.#declare(name, 'namespace', isReal && hasValue(inner));
        break;
      }
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
        this.#declare(nameOf(inner.id), 'type', false);
        break;
      case 'ImportDeclaration':
        for (const one of inner.specifiers as SyntaxNode[]) {
          this.#declare(nameOf(one.local), 'import', inner.importKind !== 'type' && one.importKind !== 'type');
        }
        break;
      case 'TSImportEqualsDeclaration':
        this.#declare(nameOf(inner.id), 'import', inner.importKind !== 'type');
        break;
    }
    if (statement.type === 'ExportNamedDeclaration') {
      if (statement !== inner) for (const name of this.#added) this.exported.add(name);
      if (!isNode(statement.source)) this.#exports((statement.specifiers as SyntaxNode[] | undefined) ?? []);
    }
    this.#hoisted(inner);
  }

  /** `export { a, b as c }` exports `a` under its own name. */
  #exports(specifiers: readonly SyntaxNode[]): void {
    for (const { local, exported } of specifiers) {
      const name = nameOf(local);
      if (name !== undefined && name === nameOf(exported)) this.exported.add(name);
    }
  }

  /** A `var` in a block or a loop belongs to the cell. */
  #hoisted(statement: SyntaxNode): void {
    if (!/Statement$/.test(statement.type)) return;
    walk(statement, (node) => {
      if (/Function|Method$|^Class|^TS/.test(node.type)) return false;
      if (node.type === 'VariableDeclaration' && node.kind === 'var') {
        for (const declarator of node.declarations as SyntaxNode[]) this.#bind(declarator.id, 'var', true, false);
      }
      return undefined;
    });
  }

  heritage(text: string, body: readonly SyntaxNode[]): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map<string, ReadonlySet<string>>();
    for (const statement of body) {
      const inner = declarationOf(statement);
      const name = nameOf(inner.id);
      const { superClass } = inner;
      if (inner.type !== 'ClassDeclaration' || name === undefined || !isNode(superClass)) continue;
      found.set(name, new Set(text.slice(superClass.start, superClass.end).match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu)));
    }
    return found;
  }

  #declare(name: string | undefined, kind: DeclaredKind, hasValue: boolean, isLate = LATE.has(kind)): void {
    if (name === undefined) return;
    this.#added.push(name);
    const old = this.names.get(name);
    const isBoth = old !== undefined && (old.isBoth || old.hasValue !== hasValue);
    const both = { isBoth, isLate: isLate || isBoth };
    if (old?.hasValue === true && !hasValue) this.names.set(name, { ...old, ...both });
    else this.names.set(name, { kind, hasValue, ...both });
  }

  #bind(pattern: unknown, kind: DeclaredKind, isReal: boolean, isLate: boolean): void {
    if (!isNode(pattern)) return;
    switch (pattern.type) {
      case 'Identifier':
        this.#declare(pattern.name as string, kind, isReal, isLate);
        break;
      case 'ObjectPattern':
        for (const one of pattern.properties as SyntaxNode[]) {
          this.#bind(one.type === 'RestElement' ? one.argument : one.value, kind, isReal, isLate);
        }
        break;
      case 'ArrayPattern':
        for (const one of pattern.elements as unknown[]) this.#bind(one, kind, isReal, isLate);
        break;
      default:
        this.#bind(pattern.left ?? pattern.argument, kind, isReal, isLate);
    }
  }
}

/** A constant that holds a function; a variable that says its type. */
function isLateVariable(kind: DeclaredKind, { id, init }: SyntaxNode): boolean {
  if (kind !== 'const') return isNode(id) && isNode(id.typeAnnotation);
  return isNode(init) && /^(ArrowFunction|Function)Expression$/.test(init.type);
}

/** Collects the places that the cell's function is changed at. */
class Places {
  readonly callees = new Set<number>();
  readonly awaits: Awaited[] = [];
  readonly metas: SyntaxNode[] = [];
  readonly dynamicImports: SyntaxNode[] = [];
  readonly specifiers = new Set<string>();

  /** @param inFunction whether it runs in a function of the user, whose `await` is that function's own */
  visit(node: SyntaxNode, inFunction: boolean): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'TSExternalModuleReference':
      case 'TSImportType':
        this.#names(node.source ?? node.expression ?? node.argument);
        break;
      case 'CallExpression':
      case 'OptionalCallExpression': {
        const callee = node.callee as SyntaxNode;
        if (callee.type === 'Import' || nameOf(callee) === 'require') this.#names((node.arguments as SyntaxNode[])[0]);
        if (callee.type === 'Import') this.dynamicImports.push(callee);
        else this.callees.add(callee.start);
        break;
      }
      case 'ImportExpression':
        this.#names(node.source);
        this.dynamicImports.push({ type: 'Import', start: node.start, end: node.start + 'import'.length });
        break;
      case 'TaggedTemplateExpression':
        this.callees.add((node.tag as SyntaxNode).start);
        break;
      case 'AwaitExpression':
        if (!inFunction && !isTimer(node.argument)) this.awaits.push({ operand: node.argument as SyntaxNode, by: 'wait' });
        break;
      case 'ForOfStatement':
        if (!inFunction && node.await === true) this.awaits.push({ operand: node.right as SyntaxNode, by: 'each' });
        break;
      case 'Decorator':
        // `@(0, exports.logged)('x')` would be no decorator.
        this.#visitDecorator(node.expression as SyntaxNode, inFunction);
        return;
      case 'MetaProperty':
        if ((node.meta as { name?: string }).name === 'import') this.metas.push(node);
        break;
    }
    const within = inFunction || (/Function|Method$/.test(node.type) && !node.type.startsWith('TS'));
    // The function around a line with `%time` is the cell's own code.
    const timed = isTimer(node) ? (node.arguments as SyntaxNode[])[0] : undefined;
    for (const child of childrenOf(node)) {
      if (child === timed && isNode(child.body)) this.visit(child.body, inFunction);
      else this.visit(child, within);
    }
  }

  #names(specifier: unknown): void {
    if (isNode(specifier) && specifier.type === 'StringLiteral') this.specifiers.add(specifier.value as string);
  }

  #visitDecorator(expression: SyntaxNode, inFunction: boolean): void {
    const isCall = expression.type === 'CallExpression';
    this.visit(isCall ? (expression.callee as SyntaxNode) : expression, inFunction);
    if (isCall) for (const argument of expression.arguments as SyntaxNode[]) this.visit(argument, inFunction);
  }
}

const isUsingLoop = (node: SyntaxNode): boolean =>
  node.type === 'ForOfStatement' && isNode(node.left) && /using$/.test(String(node.left.kind));

const isTimer = (node: unknown): boolean =>
  isNode(node) && node.type === 'CallExpression' && nameOf(node.callee) === '__nbs_time';

function* childrenOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (const key in node) {
    if (key === 'loc' || key === 'extra' || key.endsWith('omments')) continue;
    const value = node[key];
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) yield child;
    } else if (isNode(value)) yield value;
  }
}

function needsCompiler(program: SyntaxNode): boolean {
  let found = false;
  walk(program, (node) => {
    if (found || node.declare === true) return false;
    if (isUsingLoop(node)) found = true;
    if (COMPILED.has(node.type) && !(node.type === 'TSModuleDeclaration' && !hasValue(node))) found = true;
    return undefined;
  });
  return found;
}

/** A namespace of types alone has no value. */
function hasValue(node: SyntaxNode): boolean {
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
