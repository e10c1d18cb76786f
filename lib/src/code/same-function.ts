import type { Cell } from './cell.js';
import { compileNow } from './compile.js';
import { isNode, type Node, parseWithJsx } from './parse.js';
import { type SyntaxWords, syntaxWords } from './syntax-words.js';
import type { CompilerOptions } from './types.js';

/** `unknown` if the text of the function has code that cannot be compared, because the host or the compiler wrote it. */
export type Likeness = 'same' | 'other' | 'unknown';

/** A class, a function, or a method of an object literal. */
interface Source {
  readonly cell: Pick<Cell, 'source' | 'jsx' | 'statements'>;
  readonly node: Node;
}

/** What remains of these helpers cannot be compared. */
const OF_HOST = /__nbs|\b__(?:decor\w+|runInitializers|private\w+|publicField)\b|\b[\p{ID_Continue}$]+_\d+\.[\p{ID_Start}$]/u;
/** Those that are understood. */
const UNDERSTOOD = /typeof __nbs ===|__nbs_(?:loop|source|exports)\b|__nbs\.(?:import|meta)\b/g;

/** `exports.` before a name of another cell. */
const OF_CELLS = /(?<![\p{ID_Continue}$.])exports\.(?=[\p{ID_Start}$_])/gu;

const compared = new WeakMap<Node, Map<string, Likeness>>();

/**
 * Whether a function was compiled from a piece of a cell, as far as its text tells: both have the same syntax without types, either as they are, or as the
 * compiler writes them.
 * @param text what `toString` of the function returned
 * @param options those of the notebook's `tsconfig.json`
 */
export function likenessOf(text: string, source: Source, options: CompilerOptions = {}): Likeness {
  const known = compared.get(source.node) ?? new Map<string, Likeness>();
  compared.set(source.node, known);
  const before = known.get(text);
  if (before) return before;
  const likeness = compare(text, source, options);
  known.set(text, likeness);
  return likeness;
}

function compare(text: string, { cell, node }: Source, options: CompilerOptions): Likeness {
  const isMember = node.type === 'ObjectMethod';
  const inBrackets = (code: string): string => (isMember ? `({${code}})` : `(${code})`);
  const running = wordsOf(inBrackets(text), isMember);
  if (!running) return 'other';
  const written = syntaxWords(node);
  if (isSame(written, running)) return 'same';
  // What decorators have become may stand outside of the function.
  const isUnclear = written.words.includes('decorators:Decorator') || OF_HOST.test(text.replaceAll(UNDERSTOOD, ''));
  const isJsx = cell.jsx.some((at) => node.start <= at && at < node.end);
  const language = (withJsx: boolean) => ({ isJsx: withJsx, options });
  const compiled = (before: string, code: string, withJsx: boolean): SyntaxWords | undefined => {
    const made = compileNow(`${before}f(${inBrackets(code)})`, language(withJsx));
    return made === undefined ? undefined : wordsOf(made, isMember);
  };
  const source = compiled(enumsOf(cell), cell.source.slice(node.start, node.end), isJsx);
  const again = compiled('', text, false);
  if (!source || !again) return 'unknown';
  if (isSame(source, again)) return 'same';
  // Without `exports.`, a name of another cell makes the compiler rename those that hide it, as it does in the source.
  const bare = text.replace(OF_CELLS, '');
  const renamed = bare === text ? undefined : compiled('', bare, false);
  if (renamed && isSame(source, renamed)) return 'same';
  return isUnclear || isJsx ? 'unknown' : 'other';
}

/** The compiler writes the values of a cell's enums in place of their names. */
const enumsOf = ({ source, statements }: Source['cell']): string =>
  statements
    .map((statement) => (isNode(statement.declaration) ? statement.declaration : statement))
    .filter(({ type, declare }) => (type === 'TSEnumDeclaration' || type === 'TSModuleDeclaration') && declare !== true)
    .map(({ start, end }) => `${source.slice(start, end)}\n`)
    .join('');

/** The words of the function in `(f)`, or in the last statement `f(…)`. */
function wordsOf(code: string, isMember: boolean): SyntaxWords | undefined {
  const expression = parseWithJsx(code).at(-1)?.expression as Node | undefined;
  const value = expression?.type === 'CallExpression' ? (expression.arguments as Node[])[0] : expression;
  const root = isMember ? (value?.properties as Node[] | undefined)?.[0] : value;
  return root && syntaxWords(root);
}

/** The compiler adds a number to a name that would hide another one. */
function isSame(one: SyntaxWords, other: SyntaxWords): boolean {
  if (one.words.length !== other.words.length) return false;
  const names = new Map<string, string>();
  const back = new Map<string, string>();
  return one.words.every((word, n) => {
    const match = other.words[n];
    if (typeof word === 'string' || typeof match === 'string' || match === undefined) return word === match;
    const [[name], [renamed]] = [word, match];
    const isOwn = one.own.has(name);
    if (isOwn !== other.own.has(renamed) || (names.get(name) ?? renamed) !== renamed || (back.get(renamed) ?? name) !== name)
      return false;
    names.set(name, renamed);
    back.set(renamed, name);
    return name === renamed || (isOwn && withoutNumber(name) === withoutNumber(renamed));
  });
}

const withoutNumber = (name: string): string => name.replace(/\d+$/, '');
