import { createRequire } from 'node:module';
import type { ParserOptions } from '@babel/parser';

type Parser = typeof import('@babel/parser');

// Loaded for the first cell, because replicas use this room too and read no cells.
const require = createRequire(import.meta.url);
let parser: Parser | undefined;

/** Loads the parser, before the first cell if it is called then. */
export function loadParser(): Parser {
  parser ??= require('@babel/parser') as Parser;
  return parser;
}

/** A syntax node of any type. Positions are offsets into the cell, in UTF-16 units. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const PLUGINS: NonNullable<ParserOptions['plugins']> = [
  'typescript',
  'decorators',
  'decoratorAutoAccessors',
  'explicitResourceManagement',
  'importAttributes',
];

/** Code without any of these has no JSX. */
const MAY_BE_JSX = /<[\p{ID_Start}$_>]/u;

/** The statements of a cell. Never throws: a cell that the parser cannot read has no statements. */
export const parseCell = (source: string): readonly Node[] => parsed(source, PLUGINS).statements;

/** The same for a cell that may have JSX: as in the kernel, it has JSX only if it is no TypeScript without JSX. */
export function parseWithJsx(source: string): readonly Node[] {
  const plain = parsed(source, PLUGINS);
  if (plain.isClean || !MAY_BE_JSX.test(source)) return plain.statements;
  const jsx = parsed(source, [...PLUGINS, 'jsx']);
  return jsx.isClean || plain.statements.length === 0 ? jsx.statements : plain.statements;
}

function parsed(source: string, plugins: typeof PLUGINS): { readonly statements: readonly Node[]; readonly isClean: boolean } {
  try {
    const file = loadParser().parse(source, {
      sourceType: 'module',
      errorRecovery: true,
      allowAwaitOutsideFunction: true,
      allowReturnOutsideFunction: true,
      allowSuperOutsideMethod: true,
      allowUndeclaredExports: true,
      allowNewTargetOutsideFunction: true,
      plugins,
    });
    return { statements: file.program.body as unknown as readonly Node[], isClean: (file.errors ?? []).length === 0 };
  } catch {
    return { statements: [], isClean: false };
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The child nodes, in the order of the node's keys. */
export function childrenOf(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (const key in node) {
    const value = node[key];
    // Most values are numbers and texts.
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) {
      if (isNode(value)) found.push(value);
    } else if (!key.endsWith('omments')) {
      for (const item of value) if (isNode(item)) found.push(item);
    }
  }
  return found;
}

const TYPE_WRAPPERS = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ParenthesizedExpression',
]);

/** The expression inside `(x as T)!`. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (TYPE_WRAPPERS.has(inner.type)) inner = inner.expression as Node;
  return inner;
}

export const isTypeWrapper = (node: Node): boolean => TYPE_WRAPPERS.has(node.type);

const FUNCTIONS = new Set(['FunctionExpression', 'ArrowFunctionExpression', 'ClassExpression']);
export const isFunctionLike = (node: Node): boolean => FUNCTIONS.has(node.type);

/** The name of a property key that is known without running code. A spread (`...x`) has none. */
export function staticKey(property: Node): string | undefined {
  const { key } = property;
  if (property.computed === true || !isNode(key)) return undefined;
  if (key.type === 'Identifier') return key.name as string;
  return key.type === 'StringLiteral' || key.type === 'NumericLiteral' ? String(key.value) : undefined;
}

/** False for a namespace that contains only types: it has no value. */
export function isInstantiated(node: Node): boolean {
  const body = node.body as Node;
  if (body.type === 'TSModuleDeclaration') return isInstantiated(body);
  return ((body.body as Node[] | undefined) ?? []).some((statement) => {
    const inner = statement.type === 'ExportNamedDeclaration' ? ((statement.declaration as Node | null) ?? statement) : statement;
    if (inner.type === 'TSModuleDeclaration') return isInstantiated(inner);
    return inner.type !== 'TSInterfaceDeclaration' && inner.type !== 'TSTypeAliasDeclaration' && inner.declare !== true;
  });
}
