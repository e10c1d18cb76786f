import {
  analyse,
  Cell,
  type CompilerOptions,
  childrenOf,
  type Declaration,
  declare,
  functionsForJsx,
  isInstantiated,
  isNode,
  type Node,
  type Reference,
  resolveReference,
} from '../code/index.js';
import { type ChangingCall, calledNamesIn, changingCallsIn } from './changing-calls.js';

/** A cell's text, with what is not TypeScript replaced by spaces. */
export interface CellText {
  /** The cell's number in the notebook, from 1, with the cells of text. */
  readonly number: number;
  readonly source: string;
}

/** One statement at the top level of a cell. */
export interface Statement {
  readonly cell: number;
  readonly source: string;
  /** Its position in the notebook. */
  readonly order: number;
  /** Without `export`. */
  readonly node: Node;
  /** The values that it declares. */
  readonly values: ReadonlyMap<string, Declaration>;
  /** The types that it declares, and names that it imports as types. */
  readonly types: ReadonlySet<string>;
  /** Names of values that it uses and does not declare. */
  readonly uses: readonly Reference[];
  /** The calls in it that may change names that it does not declare. */
  readonly calls: readonly ChangingCall[];
  /** The names of the functions and classes that it calls when it runs, and whether it uses no result of them. */
  readonly called: ReadonlyMap<string, { readonly isDropped: boolean }>;
  /** The same of all its code, also of functions that run later. */
  readonly inside: { readonly called: ReadonlySet<string>; readonly calls: readonly ChangingCall[] };
  /** The names that it uses as types. */
  readonly typeNames: ReadonlySet<string>;
  /** The names of values whose types it uses, by `typeof`. */
  readonly typeQueries: ReadonlySet<string>;
  /** Every word in it that may be the name of a type. */
  readonly words: ReadonlySet<string>;
  readonly hasJsx: boolean;
  /** True if its cell was read as TypeScript without JSX. */
  readonly isPlain: boolean;
}

/**
 * The statements of a notebook.
 * @param options those of the notebook's `tsconfig.json`, for JSX
 * @returns also the numbers of the cells that the parser cannot read
 */
export function statementsOf(
  cells: readonly CellText[],
  options: CompilerOptions,
): {
  readonly statements: readonly Statement[];
  readonly unread: readonly number[];
} {
  const statements: Statement[] = [];
  const unread: number[] = [];
  for (const { number, source } of cells) {
    const cell = new Cell(String(number), source, number);
    const nodes = cell.statements;
    if (nodes.length === 0 && source.trim() !== '' && !isComment(source)) unread.push(number);
    for (const node of nodes) {
      const inner = isNode(node.declaration) ? node.declaration : node;
      if (inner.type === 'EmptyStatement' || (node.type.startsWith('Export') && inner === node)) continue;
      statements.push(statement(cell, statements.length, inner, start(node, inner), options));
    }
  }
  return { statements, unread };
}

const isComment = (source: string): boolean => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').trim() === '';

/** Decorators of a class may stand before `export`. */
const start = (outer: Node, inner: Node): number => (outer === inner ? inner.start : Math.min(inner.start, outer.end));

function statement(inCell: Cell, order: number, node: Node, from: number, options: CompilerOptions): Statement {
  const { source, order: cell } = inCell;
  const values = new Map<string, Declaration>();
  declare(node, inCell, values);
  const { references, scope } = analyse([node], source.length, true);
  // The compiler writes the functions for JSX at each element and fragment.
  const elements = inCell.jsx.filter((at) => from <= at && at < node.end);
  const { element, fragment } = functionsForJsx(source, options);
  const implied = elements.flatMap((start) => {
    const names = /^<\s*>/.test(source.slice(start)) ? [...element, ...fragment] : element;
    return names.map((name): Reference => ({ name, start, end: start, scope, kind: 'read', shorthand: false, depth: 0 }));
  });
  const uses = [...references, ...implied].filter((one) => resolveReference(one) === null);
  const words = new Set(source.slice(from, node.end).match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []);
  const free = new Set(uses.filter(({ depth }) => depth === 0).map((use) => use.start));
  const calls = changingCallsIn(node).filter((call) => free.has(call.start));
  const places = new Set(uses.map((use) => use.start));
  const isFree = (one: { readonly start: number }): boolean => places.has(one.start);
  const called = new Map<string, { readonly isDropped: boolean }>();
  for (const one of calledNamesIn(node, false).filter(isFree))
    called.set(one.name, { isDropped: one.isDropped && called.get(one.name)?.isDropped !== false });
  const inside = {
    called: new Set(
      calledNamesIn(node, true)
        .filter(isFree)
        .map(({ name }) => name),
    ),
    calls: changingCallsIn(node, true).filter(isFree),
  };
  const names = { typeNames: namesIn(node, NAMES_OF_TYPES), typeQueries: namesIn(node, { TSTypeQuery: 'exprName' }), words };
  const jsx = { hasJsx: elements.length > 0, isPlain: inCell.jsx.length === 0 };
  return { cell, source, order, node, values, types: typesOf(node), uses, calls, called, inside, ...names, ...jsx };
}

const NAMES_OF_TYPES: Readonly<Record<string, string>> = {
  TSTypeReference: 'typeName',
  TSExpressionWithTypeArguments: 'expression',
  TSInterfaceHeritage: 'expression',
  TSClassImplements: 'expression',
};

/** The first word of each name in a type: `A` of `A.B<C>`. @param keys where nodes of a kind have such a name */
function namesIn(node: Node, keys: Readonly<Record<string, string>>): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (one: Node): void => {
    let root = one[keys[one.type] ?? ''];
    while (isNode(root) && root.type !== 'Identifier') root = root.left ?? root.object;
    if (isNode(root)) names.add(root.name as string);
    for (const child of childrenOf(one)) visit(child);
  };
  visit(node);
  return names;
}

const TYPES_TOO = new Set(['ClassDeclaration', 'TSEnumDeclaration', 'ImportDeclaration']);

/** True if the values that it declares may be types too: of a class, an enum or an import. */
export const declaresTypesToo = ({ node }: Statement): boolean => TYPES_TOO.has(node.type);

/** What a declaration can be one with, if another statement of its cell declares the same name. */
const MERGED: Readonly<Record<string, readonly string[]>> = {
  ClassDeclaration: ['TSModuleDeclaration', 'TSInterfaceDeclaration'],
  FunctionDeclaration: ['TSModuleDeclaration', 'TSDeclareFunction'],
  TSEnumDeclaration: ['TSEnumDeclaration', 'TSModuleDeclaration'],
  TSInterfaceDeclaration: ['TSInterfaceDeclaration', 'TSModuleDeclaration', 'ClassDeclaration'],
  TSModuleDeclaration: [
    'TSModuleDeclaration',
    'ClassDeclaration',
    'FunctionDeclaration',
    'TSDeclareFunction',
    'TSEnumDeclaration',
    'TSInterfaceDeclaration',
  ],
};

/** The other parts of what a statement declares: overloads, the parts of an enum, a namespace or an interface, and the namespace of a class or a function. */
export function otherParts({ node, cell }: Statement, statements: readonly Statement[]): readonly Statement[] {
  const name = idOf(node);
  const merged = MERGED[node.type] ?? [];
  return name === undefined
    ? []
    : statements.filter(
        (one) => one.cell === cell && one.node !== node && merged.includes(one.node.type) && idOf(one.node) === name,
      );
}

const idOf = ({ id }: Node): string | undefined => (isNode(id) && typeof id.name === 'string' ? id.name : undefined);

function typesOf(node: Node): ReadonlySet<string> {
  const nameOf = (id: unknown): string[] => (isNode(id) && typeof id.name === 'string' ? [id.name] : []);
  if (node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration') return new Set(nameOf(node.id));
  // A namespace that contains only types has no value.
  if (node.type === 'TSModuleDeclaration')
    return new Set(node.kind === 'global' || (node.declare !== true && isInstantiated(node)) ? [] : nameOf(node.id));
  if (node.type !== 'ImportDeclaration') return new Set();
  const specifiers = (node.specifiers as Node[]).filter((one) => node.importKind === 'type' || one.importKind === 'type');
  return new Set(specifiers.flatMap((one) => nameOf(one.local)));
}
