import type { TransformOptions } from 'esbuild';
import { CELL_PARAMETERS, IMPORT_IN_FUNCTION } from '../cell-function.js';
import { lateReads } from '../late-reads.js';
import { CODE_LINE_ENDS, type Edit, edited, LineIndex, type MappedText, unmapped } from '../mapped-text.js';
import { SourceMap } from '../source-map.js';
import { closing, isNode, opening, type SyntaxNode, walk } from '../syntax.js';
import { innerFirst, usingEdits } from '../using.js';
import type { DeclaredName } from './cell-scope.js';
import { transformSync } from './compiler.js';
import { typeErasures } from './erase-types.js';
import { importEdits } from './import-edits.js';
import { loopEdits } from './loop-edits.js';
import type { ParsedCell } from './parsed-cell.js';

/** The functions that rewritten code and magic lines call. Their names begin with `__nbs_`; see `CellExecutor`. */
const HELPERS = ['scope', 'cell_scope', 'meta', 'magic', 'lines', 'time', 'timeit', 'watch', 'captured', 'loop'];

const COMPILER_OPTIONS: TransformOptions = {
  loader: 'ts',
  target: 'node20',
  sourcemap: 'external',
  sourcesContent: false,
  logLevel: 'silent',
  // Without this, a class with decorators would lose its name, which is also the name of its deployment.
  keepNames: true,
  supported: { 'top-level-await': true },
};

export interface CellCode {
  readonly code: string;
  readonly names: readonly string[];
  readonly hasResult: boolean;
  /** Converts a position in `code` (line and column from 0) to an offset in the cell's text. */
  toOriginal(line: number, column: number): number | undefined;
}

/**
 * Makes the cell's async function. It edits the TypeScript source so that positions are kept, and removes the types in the same pass.
 * @param isEarlier whether the name is declared by an earlier cell and exists at run time
 * @param tsconfigRaw the notebook's settings that esbuild needs
 * @param isLive whether a module may give its exports new values
 * @param isUnchecked whether the types of the cell are not checked
 */
export function cellCode(
  text: string,
  cell: ParsedCell,
  isEarlier: (name: string) => boolean,
  tsconfigRaw: TransformOptions['tsconfigRaw'],
  isLive: (specifier: string) => boolean = () => false,
  isUnchecked = false,
): CellCode {
  const edits: Edit[] = [];
  // If the cell uses names of CommonJS, it gets them, and it is the main module.
  const isCommonJs = /\b(?:module|exports)\b|\bexport\s*=/.test(text);
  // By `var`, because the cell may declare them by `var` too.
  const commonJs = isCommonJs ? 'var { module } = __nbs, { exports } = module; ' : '';
  // The parameter that holds the names of all cells. It is usually called `exports`, which a CommonJS cell uses itself.
  const space = isCommonJs ? '__nbs_exports' : 'exports';
  const imports = importEdits(cell, isLive);
  const loops = loopEdits(cell.program, text);
  const uses = usingEdits(cell.program, text);
  // A line for the shell that would run the file is a comment only at the start of a file.
  if (text.startsWith('#!')) edits.push({ start: 0, end: '#!'.length, text: '//' });
  edits.push(...loops.before, ...uses.before);
  edits.push(...imports.edits, ...exportEdits(cell.program, text), ...decoratorEdits(cell, imports.live));
  const result = (cell.program.body as SyntaxNode[]).at(-1);
  const hasResult = result?.type === 'ExpressionStatement';
  // What begins with a bracket would continue a line before it that has no semicolon.
  const before = (start: number): string => (cell.listed.has(start) && !(hasResult && start === result.start) ? ';' : '');
  // Openings are added before closings, because edits at the same place keep their order.
  if (hasResult) edits.push(insert(opening(result.expression as SyntaxNode), '__nbs.result = ('));
  // With a blank, because the operand may follow `await` without one: `await(x)`.
  for (const { operand, by } of cell.awaits) edits.push(insert(opening(operand), ` __nbs.${by}(`));
  for (const { name, start, end, shorthand } of cell.free) {
    if (!isEarlier(name)) continue;
    if (shorthand) edits.push(insert(start, `${keyOf(name)}: ${space}.`));
    else if (cell.callees.has(start)) edits.push(calleeEdit(`${space}.${name}`, start, end, text, before(start)));
    else edits.push(insert(start, `${space}.`));
  }
  if (isUnchecked) edits.push(...lateReads(text, cell, isEarlier, space));
  for (const { name, start, end, shorthand } of imports.live.size === 0 ? [] : cell.own) {
    const value = imports.live.get(name);
    if (value === undefined || isInExport(cell.program, start)) continue;
    if (shorthand) edits.push({ start, end, text: `${keyOf(name)}: ${value}` });
    else if (cell.callees.has(start)) edits.push(calleeEdit(value, start, end, text, before(start)));
    else edits.push({ start, end, text: value });
  }
  const placed = (name: string): string => imports.live.get(name) ?? (isEarlier(name) ? `${space}.${name}` : name);
  if (cell.isJsx) edits.push(...pragmaEdits(text, placed));
  for (const { start, end } of cell.metas) edits.push({ start, end, text: '__nbs.meta' });
  for (const { start, end, inFunction } of cell.dynamicImports)
    edits.push({ start, end, text: inFunction ? before(start) + IMPORT_IN_FUNCTION : '__nbs.import' });
  for (const { operand } of cell.awaits) edits.push(insert(closing(text, operand), ')'));
  if (hasResult) edits.push(insert(closing(text, result.expression as SyntaxNode), ')'));
  // A loop whose body is a loop with `using` was opened first.
  edits.push(...innerFirst([...uses.behind, ...loops.behind]));
  const values = [...cell.names].filter(([, one]) => one.hasValue);
  const names = values.map(([name]) => name);
  const mentioned = text + [...uses.before, ...loops.before].map((edit) => edit.text).join('');
  const helpers = HELPERS.filter((name) => mentioned.includes(`__nbs_${name}`)).map((name) => `${name}: __nbs_${name}`);
  const prelude = helpers.length === 0 ? '' : `const { ${helpers.join(', ')} } = __nbs; `;
  const accessors = values.map(([name, one]) => accessor(name, one, imports.live.get(name))).join(', ');
  // The cell's code is in a block of its own, so that it may declare names that are parameters of the function: `const require =
  // createRequire(import.meta.url)`.
  const head = `(async function (${parameters(space)}) { 'use strict'; ${commonJs}{ ${prelude}__nbs.define({ ${accessors} }); ${imports.hoisted}`;
  const ends = exportEnds(cell.program, text);
  const made = cell.needsCompiler
    ? compiled(
        edited(unmapped(text), [...edits, ...ends]),
        head,
        cell.isJsx ? factories(tsconfigRaw, placed) : tsconfigRaw,
        cell.isJsx,
      )
    : erased(text, [{ start: 0, end: 0, text: head }, ...edits, ...typeErasures(cell.program, text), ...ends]);
  return { ...made, names, hasResult };
}

/** `exports.f(x)` would give `f` a `this`. The edit includes the bracket, because V8 reports the position of a call as that of its bracket. */
function calleeEdit(name: string, start: number, end: number, text: string, before: string): Edit {
  const bracket = text[end] === '(' ? '(' : '';
  return { start, end: end + bracket.length, text: `${before}(0, ${name})${bracket}` };
}

const parameters = (space: string): string => [space, ...CELL_PARAMETERS.slice(1)].join(', ');

const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });

function erased(text: string, edits: readonly Edit[]): Pick<CellCode, 'code' | 'toOriginal'> {
  const source = edited(unmapped(text), [...edits, insert(text.length, '\n}})')]);
  let lines: LineIndex | undefined;
  return {
    code: source.text,
    toOriginal: (line, column) => {
      lines ??= new LineIndex(source.text, CODE_LINE_ENDS);
      return source.toOriginal(lines.offset(line, column));
    },
  };
}

/** After the dot of a decorator, esbuild accepts a keyword only inside brackets: `@(serve.delete('/x'))`. A name in `live` gets such a dot. */
function decoratorEdits({ program, needsCompiler }: ParsedCell, live: ReadonlyMap<string, string>): Edit[] {
  const edits: Edit[] = [];
  if (!needsCompiler) return edits;
  walk(program, (node) => {
    if (node.type !== 'Decorator') return undefined;
    const expression = node.expression as SyntaxNode;
    const { type, name } = (expression.type === 'CallExpression' ? expression.callee : expression) as SyntaxNode;
    const isBracketed = (expression.extra as { parenthesized?: boolean } | undefined)?.parenthesized === true;
    if (!isBracketed && (type === 'MemberExpression' || live.has(name as string)))
      edits.push(insert(expression.start, '('), insert(expression.end, ')'));
    return undefined;
  });
  return edits;
}

/**
 * Compiles a cell that contains syntax which only a compiler can convert. A namespace may only be at the top of a module, so the function is put around the
 * compiled code.
 */
function compiled(
  source: MappedText,
  head: string,
  tsconfigRaw: TransformOptions['tsconfigRaw'],
  isJsx: boolean,
): Pick<CellCode, 'code' | 'toOriginal'> {
  const { code, map } = transformSync(source.text, {
    ...COMPILER_OPTIONS,
    loader: isJsx ? 'tsx' : 'ts',
    // Without this, a class expression with decorators would lose its name, which is also the name of its deployment.
    keepNames: source.text.includes('@'),
    ...(tsconfigRaw === undefined ? {} : { tsconfigRaw }),
  });
  let known: { readonly map: SourceMap; readonly lines: LineIndex } | undefined;
  return {
    code: `${head}${withRuntime(code, isJsx).replace(/;\s*$/, '')}\n}})`,
    toOriginal: (line, column) => {
      known ??= {
        map: new SourceMap((JSON.parse(map) as { mappings: string }).mappings),
        lines: new LineIndex(source.text, CODE_LINE_ENDS),
      };
      const found = known.map.source(line, line === 0 ? column - head.length : column);
      return found === undefined ? undefined : source.toOriginal(known.lines.offset(found.line, found.column));
    },
  };
}

/** Matches the imports of JSX's functions that esbuild writes behind directives and its own helpers, whose further lines are indented or close a bracket. */
const RUNTIME = /^((?:(?:"[^"\n]*";|var __|[ })\]]).*\n)*)((?:import \{[^}]*\} from "[^"\n]*";\n)+)/;

/** An import is not allowed in a function, so the functions for JSX are imported as the cell's own imports are. */
function withRuntime(code: string, isJsx: boolean): string {
  if (!isJsx) return code;
  return code.replace(
    RUNTIME,
    (_found, before: string, imports: string) =>
      before +
      imports.replaceAll(
        /^import \{([^}]*)\} from ("[^"\n]*");$/gm,
        (_all, names: string, module: string) =>
          `const {${names.replaceAll(' as ', ': ')}} = await __nbs.wait(__nbs.import(${module}));`,
      ),
  );
}

/** Lets a comment like `@jsx h` name a function of an earlier cell, or of a file that may give it a new value. @param placed what stands for a name */
function pragmaEdits(text: string, placed: (name: string) => string): Edit[] {
  return [...text.matchAll(/@jsx(?:Frag)?\s+([\w$]+)/g)].flatMap((found) => {
    const name = found[1] as string;
    const end = found.index + found[0].length;
    return placed(name) === name ? [] : [{ start: end - name.length, end, text: placed(name) }];
  });
}

/** Lets the classic functions for JSX, which are usually those of `React`, come from there too. */
function factories(given: TransformOptions['tsconfigRaw'], placed: (name: string) => string): TransformOptions['tsconfigRaw'] {
  const raw = typeof given === 'object' ? given : {};
  const { jsxFactory = 'React.createElement', jsxFragmentFactory = 'React.Fragment', ...rest } = raw.compilerOptions ?? {};
  const whole = (factory: string): string => {
    const [first = '', ...members] = factory.split('.');
    return [placed(first), ...members].join('.');
  };
  return {
    ...raw,
    compilerOptions: { ...rest, jsxFactory: whole(jsxFactory), jsxFragmentFactory: whole(jsxFragmentFactory) },
  };
}

/** In an object literal, `__proto__:` would set the prototype. */
const keyOf = (name: string): string => (name === '__proto__' ? `['${name}']` : name);

/** @param live the expression for an import whose value may change */
function accessor(name: string, { kind }: DeclaredName, live: string | undefined): string {
  if (live !== undefined) return `${keyOf(name)}: ['live', () => ${live}, null]`;
  const setter = kind === 'const' || kind === 'import' ? 'null' : `(__nbs_value) => { ${name} = __nbs_value; }`;
  return `${keyOf(name)}: ['${kind === 'namespace' ? 'enum' : kind}', () => ${name}, ${setter}]`;
}

/** The statement `export { a }` is removed, with the names in it. */
const isInExport = (program: SyntaxNode, at: number): boolean =>
  (program.body as SyntaxNode[]).some(
    ({ type, declaration, start, end }) => type === 'ExportNamedDeclaration' && !isNode(declaration) && start <= at && at < end,
  );

/** Removes `export`, because a cell exports nothing. The declaration in `export const a` stays. */
function exportEdits(program: SyntaxNode, text: string): Edit[] {
  const edits: Edit[] = [];
  for (const statement of program.body as SyntaxNode[]) {
    if (statement.type !== 'ExportNamedDeclaration' && statement.type !== 'ExportDefaultDeclaration') continue;
    const { declaration } = statement;
    if (isNode(declaration)) edits.push(...exportedDeclaration(statement, declaration, text));
    else if (!isNode(statement.source) && statement.exportKind !== 'type')
      edits.push({ start: statement.start, end: statement.end, text: ';' });
  }
  return edits;
}

function exportedDeclaration(statement: SyntaxNode, declaration: SyntaxNode, text: string): Edit[] {
  const [before, behind] = isExpression(statement, declaration) ? ['void (', ')'] : ['', ''];
  const end = behind === '' ? [] : [insert(closing(text, declaration), behind)];
  const start = opening(declaration);
  if (start > statement.start) return [{ start: statement.start, end: start, text: before }, ...end];
  // The decorator comes first: `@decorator export class C {}`.
  const from = (declaration.decorators as SyntaxNode[] | undefined)?.at(-1)?.end ?? declaration.start;
  const words = /^((?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*)(export(?:\s+default)?)/.exec(text.slice(from));
  const word = from + (words?.[1]?.length ?? 0);
  return [insert(declaration.start, before), { start: word, end: word + (words?.[2]?.length ?? 0), text: '' }, ...end];
}

/** A default export becomes an expression in brackets, which the next line would continue if it began with a bracket. */
function exportEnds(program: SyntaxNode, text: string): Edit[] {
  return (program.body as SyntaxNode[]).flatMap((statement) => {
    const { declaration } = statement;
    const isValue = isNode(declaration) && isExpression(statement, declaration);
    return isValue ? [insert(closing(text, declaration), ';')] : [];
  });
}

/** A default export without a name is an expression. It cannot be a statement by itself: `{ a: 1 }` would be a block. */
function isExpression(statement: SyntaxNode, declaration: SyntaxNode): boolean {
  const isNamed = !/^(Function|Class)Declaration$/.test(declaration.type)
    ? /Declaration$|^TSDeclareFunction$/.test(declaration.type)
    : declaration.id != null;
  return statement.type === 'ExportDefaultDeclaration' && !isNamed;
}
