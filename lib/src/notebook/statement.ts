import {
  analyse,
  Cell,
  childrenOf,
  type Declaration,
  declare,
  isNode,
  type Node,
  parseCell,
  type Reference,
  resolveReference,
} from '../code/index.js';
import { type ChangingCall, changingCallsIn } from './changing-calls.js';

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
  /** The names that it uses as types. */
  readonly typeNames: ReadonlySet<string>;
  /** The names of values whose types it uses, by `typeof`. */
  readonly typeQueries: ReadonlySet<string>;
  /** Every word in it that may be the name of a type. */
  readonly words: ReadonlySet<string>;
}

/** The statements of a notebook. @returns also the numbers of the cells that the parser cannot read */
export function statementsOf(cells: readonly CellText[]): {
  readonly statements: readonly Statement[];
  readonly unread: readonly number[];
} {
  const statements: Statement[] = [];
  const unread: number[] = [];
  for (const { number, source } of cells) {
    const nodes = parseCell(source);
    if (nodes.length === 0 && source.trim() !== '' && !isComment(source)) unread.push(number);
    for (const node of nodes) {
      const inner = isNode(node.declaration) ? node.declaration : node;
      if (inner.type === 'EmptyStatement' || (node.type.startsWith('Export') && inner === node)) continue;
      statements.push(statement(number, source, statements.length, inner, start(node, inner)));
    }
  }
  return { statements, unread };
}

const isComment = (source: string): boolean => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').trim() === '';

/** Decorators of a class may stand before `export`. */
const start = (outer: Node, inner: Node): number => (outer === inner ? inner.start : Math.min(inner.start, outer.end));

function statement(cell: number, source: string, order: number, node: Node, from: number): Statement {
  const values = new Map<string, Declaration>();
  declare(node, new Cell(String(cell), source, cell), values);
  const uses = analyse([node], source.length, true).references.filter((one) => resolveReference(one) === null);
  const words = new Set(source.slice(from, node.end).match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []);
  const free = new Set(uses.filter(({ depth }) => depth === 0).map((use) => use.start));
  const calls = changingCallsIn(node).filter((call) => free.has(call.start));
  const typeNames = namesIn(node, NAMES_OF_TYPES);
  const typeQueries = namesIn(node, { TSTypeQuery: 'exprName' });
  return { cell, source, order, node, values, types: typesOf(node), uses, calls, typeNames, typeQueries, words };
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

function typesOf(node: Node): ReadonlySet<string> {
  const nameOf = (id: unknown): string[] => (isNode(id) && typeof id.name === 'string' ? [id.name] : []);
  if (node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration') return new Set(nameOf(node.id));
  if (node.type !== 'ImportDeclaration') return new Set();
  const specifiers = (node.specifiers as Node[]).filter((one) => node.importKind === 'type' || one.importKind === 'type');
  return new Set(specifiers.flatMap((one) => nameOf(one.local)));
}
