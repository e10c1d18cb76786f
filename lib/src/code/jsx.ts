import type { Cell } from './cell.js';
import type { Closure } from './closure.js';
import type { Range } from './declaration.js';
import { CannotShip } from './errors.js';
import { childrenOf, isNode, type Node } from './parse.js';
import type { CompilerOptions } from './types.js';
import { partsOf, type Unit } from './unit.js';

/** What every element or fragment ends with. */
const END = /<\s*\/|\/\s*>/;

/** The offsets at which elements and fragments of JSX begin. */
export function jsxIn(source: string, statements: readonly Node[]): readonly number[] {
  const found: number[] = [];
  const visit = (node: Node): void => {
    if (node.type === 'JSXElement' || node.type === 'JSXFragment') found.push(node.start);
    for (const child of childrenOf(node)) visit(child);
  };
  if (END.test(source)) for (const statement of statements) visit(statement);
  return found;
}

export const hasJsx = (cell: Cell, part: Range): boolean => cell.jsx.some((at) => part.start <= at && at < part.end);

/** Comments in which a cell names the functions for its JSX: `@jsx h`. */
const PRAGMA = /@(jsx|jsxFrag|jsxRuntime|jsxImportSource)\s+([\w$./@-]+)/g;

const pragmasIn = (source: string): readonly (readonly [name: string, value: string])[] =>
  Array.from(source.matchAll(PRAGMA), ([, name, value]) => [name as string, value as string] as const);

/** What the comments of a cell say: `{ jsx: 'h' }`. */
export const jsxPragmas = (source: string): Readonly<Record<string, string>> => Object.fromEntries(pragmasIn(source));

/** The names that the compiler puts into a cell with JSX: `React`, if the function for elements is `React.createElement`. */
export function namesForJsx({ source }: Pick<Cell, 'source'>, options: CompilerOptions = {}): readonly string[] {
  const { element, fragment } = functionsForJsx(source, options);
  return [...new Set([...element, ...fragment])];
}

/** The names that it puts at an element, and those that it puts at a fragment besides. */
export function functionsForJsx(source: string, options: CompilerOptions): Readonly<Record<'element' | 'fragment', string[]>> {
  const pragmas = jsxPragmas(source);
  if ((pragmas.jsxRuntime ?? (options.jsx === 'react' ? 'classic' : '')) !== 'classic') return { element: [], fragment: [] };
  const nameOf = (path: unknown): string => String(path).split('.')[0] as string;
  return {
    element: [nameOf(pragmas.jsx ?? options.jsxFactory ?? 'React.createElement')],
    fragment: [nameOf(pragmas.jsxFrag ?? options.jsxFragmentFactory ?? 'React.Fragment')],
  };
}

/**
 * The comments for the module of a closure that has JSX; undefined if it has none. They hold for the whole module, so all cells with JSX must have the same.
 * @throws NBS_CANNOT_SHIP
 */
export function jsxOf({ entry, units }: Closure): string | undefined {
  const cells = units.flatMap((unit) => {
    const { cell } = unit;
    return cell && partsOf(unit).some((part) => hasJsx(cell, part)) ? [cell] : [];
  });
  const written = new Map(
    cells.map((cell) => [
      pragmasIn(cell.source)
        .map(([name, value]) => `/* @${name} ${value} */`)
        .join(' '),
      cell.id,
    ]),
  );
  if (written.size > 1) {
    const ids = [...written.values()].join(' and ');
    throw CannotShip({
      chain: `${entry.name} uses JSX of ${ids}, whose comments name different functions for it; name the functions in tsconfig.json`,
    });
  }
  return written.keys().next().value;
}

/** The compiler writes the function for JSX by its name, which belongs to another declaration in the module. */
export const renamedForJsx = (unit: Unit, name: string): Error =>
  CannotShip({
    chain: `${unit.name} uses ${name}, the function for its JSX: a later cell declares ${name} anew, and both are needed; give one another name`,
  });

/** What has to change in a cell without JSX, if it is put into a module with JSX: there, `<T>x` is no type assertion, and `<T>(x) => x` no function. */
export function anglesIn({
  source,
  statements,
}: Pick<Cell, 'source' | 'statements'>): readonly (Range & { readonly text: string })[] {
  const edits: (Range & { text: string })[] = [];
  const visit = (node: Node): void => {
    const { typeAnnotation, typeParameters } = node;
    if (node.type === 'TSTypeAssertion' && isNode(typeAnnotation)) {
      edits.push({ start: node.start, end: source.indexOf('>', typeAnnotation.end) + 1, text: '(' });
      edits.push({ start: node.end, end: node.end, text: ')' });
    } else if (node.type === 'ArrowFunctionExpression' && isNode(typeParameters))
      edits.push({ start: typeParameters.start, end: typeParameters.end, text: '' });
    for (const child of childrenOf(node)) visit(child);
  };
  for (const statement of statements) visit(statement);
  return edits;
}
