import { createRequire } from 'node:module';
import type { ParseError, ParseResult, ParserOptions } from '@babel/parser';
import { NestedTooDeep } from './errors.js';

// For an import, Node would search the whole file for the names that it exports, which takes four times as long as loading it.
const { parse } = createRequire(import.meta.url)('@babel/parser') as typeof import('@babel/parser');

/** A node of the syntax tree, as far as the repairs read it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const PLUGINS: NonNullable<ParserOptions['plugins']> = [
  'typescript',
  ['decorators', { decoratorsBeforeExport: true }],
  'explicitResourceManagement',
  'importAttributes',
  'decoratorAutoAccessors',
];

const OPTIONS: ParserOptions = { sourceType: 'module', allowUndeclaredExports: true, plugins: PLUGINS };

const JSX_OPTIONS: ParserOptions = { ...OPTIONS, plugins: [...PLUGINS, 'jsx'] };

type Completeness = { status: 'complete' | 'invalid' } | { status: 'incomplete'; indent: string };

/** What the parser objects to if a part of a class or of a function is read without the rest: private names, `super` and `new.target`. */
const ERRORS_OF_PARTS: ReadonlySet<string> = new Set(['InvalidPrivateFieldResolution', 'UnexpectedSuper', 'UnexpectedNewTarget']);
const NO_ERRORS: ReadonlySet<string> = new Set();

/** Code without any of these has no JSX. */
const MAY_BE_JSX = /<[\p{ID_Start}$_>]/u;

/** The syntax tree of a cell. */
export interface Program extends SyntaxNode {
  /** What the parser went on after. */
  readonly errors: readonly ParseError[];
  /** Set if the cell has JSX. In such a cell, `<T>x` is not a type assertion, so code is parsed in this way only if it is no TypeScript without JSX. */
  readonly isJsx?: true;
}

/** What was parsed last: a cell is asked about several times in a row. */
let last: { readonly source: string; readonly program: Program | undefined } | undefined;

/** Returns the syntax tree of a cell, or undefined if the cell is not TypeScript (the type checker then says why). Nobody may change the tree. */
export function parseCell(source: string): Program | undefined {
  if (last?.source !== source) last = { source, program: parsedAnew(source) };
  return last.program;
}

function parsedAnew(source: string): Program | undefined {
  return withinStack(() => {
    const plain = parsed(source, OPTIONS);
    if (plain?.errors.length === 0 || !MAY_BE_JSX.test(source)) return plain;
    const program = parsed(source, JSX_OPTIONS);
    return program === undefined || (plain !== undefined && program.errors.length > 0) ? plain : { ...program, isJsx: true };
  });
}

function parsed(source: string, options: ParserOptions): Program | undefined {
  try {
    const { program, errors } = parse(source, { ...options, errorRecovery: true }) as ParseResult;
    // The parser takes the texts at the start for directives. In a cell that has nothing else, they are expressions.
    const texts = program.body.length > 0 ? undefined : { body: program.directives.map(asStatement), directives: [] };
    return Object.assign(program as unknown as SyntaxNode, { errors: errors ?? [], ...texts });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

function asStatement({ start, end, value }: ParseResult['program']['directives'][number]): SyntaxNode {
  const expression = { ...value, type: 'StringLiteral' };
  return { type: 'ExpressionStatement', start: start as number, end: end as number, expression };
}

/** What the parser says of a text that is not TypeScript. */
export function syntaxFault(source: string): string {
  try {
    parse(source, OPTIONS);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs work that goes down a syntax tree. @throws NBS_NESTED_TOO_DEEP if it goes too far */
export function withinStack<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError && /call stack/.test(error.message)) throw NestedTooDeep();
    throw error;
  }
}

/** Calls `enter` for `node` and all below it; `enter` returns false to stay out of a node. */
export function walk(
  node: SyntaxNode,
  enter: (node: SyntaxNode, parent: SyntaxNode | undefined) => boolean | undefined,
  parent?: SyntaxNode,
): void {
  if (enter(node, parent) === false) return;
  for (const child of children(node)) walk(child, enter, node);
}

/** The nodes right below a node. */
export function children(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (const key in node) {
    const value = node[key];
    // Most values are numbers and texts, and a cell's tree is walked several times.
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) {
      if (isNode(value)) found.push(value);
    } else if (key !== 'errors' && !key.endsWith('omments')) {
      for (const child of value) if (isNode(child)) found.push(child);
    }
  }
  return found;
}

interface Parenthesized {
  readonly parenthesized?: boolean;
  readonly parenStart?: number;
}

const extraOf = (node: SyntaxNode): Parenthesized => (node.extra ?? {}) as Parenthesized;

/** Returns the offset before the brackets around an expression. */
export const opening = (node: SyntaxNode): number => extraOf(node).parenStart ?? node.start;

/** Returns the offset after the brackets around an expression. */
export function closing(text: string, node: SyntaxNode): number {
  const { parenthesized, parenStart } = extraOf(node);
  if (parenthesized !== true || parenStart === undefined) return node.end;
  const between = text.slice(parenStart, node.start).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  let open = between.split('(').length - 1;
  let at = node.end;
  while (open > 0) {
    const rest = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*\)/.exec(text.slice(at));
    if (rest === null) return at;
    at += rest[0].length;
    open -= 1;
  }
  return at;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Whether more lines may follow: the parser stopped at the end of the text, or inside of something that was opened. */
export function completeness(source: string): Completeness {
  return completenessIn(source, NO_ERRORS);
}

/** The same for a part of a class or of a function, which may have what only the rest can explain. */
export const completenessOfPart = (source: string): Completeness => completenessIn(source, ERRORS_OF_PARTS);

function completenessIn(source: string, allowed: ReadonlySet<string>): Completeness {
  const plain = completenessAs(source, OPTIONS, allowed);
  if (plain.status !== 'invalid' || !MAY_BE_JSX.test(source)) return plain;
  return completenessAs(source, JSX_OPTIONS, allowed);
}

function completenessAs(source: string, options: ParserOptions, allowed: ReadonlySet<string>): Completeness {
  try {
    const { errors } = parse(source, { ...options, errorRecovery: allowed.size > 0 }) as ParseResult;
    const error = errors?.find(({ reasonCode }) => !allowed.has(reasonCode));
    if (error !== undefined) throw error;
    return { status: 'complete' };
  } catch (error) {
    const { pos, message } = error as { pos?: number; message: string };
    const atEnd = pos !== undefined && pos >= source.trimEnd().length;
    if (atEnd || /Unterminated (template|comment|JSX)/.test(message)) return { status: 'incomplete', indent: nextIndent(source) };
    return { status: 'invalid' };
  }
}

function nextIndent(source: string): string {
  const line = source.trimEnd().split('\n').at(-1) ?? '';
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  return /[{([]\s*$|=>\s*$/.test(line) ? `${indent}  ` : indent;
}

/** True if the parser objects only to what the rest of a class or of a function would explain. */
export const isPart = ({ errors }: Program): boolean => errors.every(({ reasonCode }) => ERRORS_OF_PARTS.has(reasonCode));
