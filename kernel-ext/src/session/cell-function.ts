import type ts from 'typescript';
import type { NameKind } from './converter.js';
import { type Edit, edited, LineIndex, type MappedText, unmapped } from './mapped-text.js';
import { SourceMap } from './source-map.js';
import type { Fork } from './tslab-fork.js';

/** Parameters of a cell's function, in order. */
export const CELL_PARAMETERS = ['exports', 'require', '__dirname', '__filename', '__nbs', '__nbs_source'] as const;

/** What repaired and magic lines call, by the name `__nbs_…`; see `CellExecutor`. */
const HELPERS = ['scope', 'cell_scope', 'meta', 'magic', 'lines', 'time', 'timeit', 'watch', 'captured'];

/** In loops; see `loopEdits`. A function may be sent as text to a worker, a page or a `vm` context, and the kernel's function does not exist there. */
export const LOOP_CALL = "typeof __nbs_loop === 'function' && __nbs_loop();";

/** For `import` in a function that may be sent as text. */
export const IMPORT_IN_FUNCTION = "(typeof __nbs === 'object' ? __nbs.import : (id) => import(id))";

const MAP_COMMENT = '\n//# sourceMappingURL=data:application/json;base64,';

export interface CellFunction {
  readonly code: string;
  readonly names: readonly string[];
  readonly hasResult: boolean;
  /** Position in `code` → line and column (from 0) in the TypeScript that was emitted. */
  toEmitted(line: number, column: number): { line: number; column: number } | undefined;
}

/**
 * Makes the function expression of a cell from the module that TypeScript emitted.
 *
 * Variables stay variables, so that loops in a cell are quick; the function hands out a getter and a setter for each instead of copying values to `exports`, so that
 * `let` has one value for all cells. Imports become awaited calls, which also load packages whose graph awaits.
 */
export function cellFunction(fork: Fork, emitted: string, resultName: string | undefined): CellFunction {
  const comment = emitted.lastIndexOf(MAP_COMMENT);
  const module = comment < 0 ? emitted : emitted.slice(0, comment);
  const file = fork.createSourceFile('cell.js', module, 9 as ts.ScriptTarget, true, 1 as ts.ScriptKind);
  const kinds = new Map<string, NameKind>();
  const edits: Edit[] = [];
  const exported: string[] = [];
  let hoisted = '';
  let begun = false;
  let hasResult = false;
  for (const statement of file.statements) {
    const start = statement.getStart(file);
    if (fork.isExportDeclaration(statement)) {
      if (statement.exportClause !== undefined && fork.isNamedExports(statement.exportClause)) {
        for (const element of statement.exportClause.elements) exported.push(element.name.text);
      }
      edits.push({ start, end: statement.end, text: '' });
    } else if (fork.isImportDeclaration(statement)) {
      const text = importCode(fork, statement, kinds);
      // An import below code runs before it, as in a module.
      if (begun) hoisted += text;
      edits.push({ start, end: statement.end, text: begun ? '' : text });
    } else if (resultName !== undefined && isResult(fork, statement, resultName)) {
      const initializer = statement.declarationList.declarations[0]?.initializer;
      if (initializer === undefined) continue;
      edits.push({ start, end: initializer.getStart(file), text: '__nbs.result = ' });
      hasResult = true;
    } else {
      begun = true;
      declaredNames(fork, statement, kinds);
    }
  }
  const loops = loopEdits(fork, file);
  // If several insertions have one place, the outer ones come first.
  edits.push(...loops, ...waitEdits(fork, file), ...callEdits(fork, file));
  const accessors = exported.map((name) => accessor(name, kinds.get(name) ?? 'var')).join(', ');
  const helpers = HELPERS.filter((name) => module.includes(`__nbs_${name}`)).map((name) => `${name}: __nbs_${name}`);
  if (loops.length > 0) helpers.push('loop: __nbs_loop');
  const prelude = helpers.length === 0 ? '' : `const { ${helpers.join(', ')} } = __nbs; `;
  const head = `(async function (${CELL_PARAMETERS.join(', ')}) { 'use strict'; ${prelude}__nbs.define({ ${accessors} }); ${hoisted}`;
  const result = edited(unmapped(module), [
    { start: 0, end: 0, text: head },
    ...edits,
    { start: module.length, end: module.length, text: '\n})' },
  ]);
  return {
    code: result.text,
    names: exported,
    hasResult,
    toEmitted: mapping(result, module, comment < 0 ? '' : emitted.slice(comment + MAP_COMMENT.length)),
  };
}

/** `await x` at the top becomes `await __nbs.wait(x)`, which an interrupt ends; likewise `for await`. */
function waitEdits(fork: Fork, file: ts.SourceFile): Edit[] {
  if (!/\bawait\b/.test(file.text)) return [];
  const edits: Edit[] = [];
  const wrap = (operand: ts.Expression, by: string): void => {
    const start = operand.getStart(file);
    edits.push({ start, end: start, text: `__nbs.${by}(` }, { start: operand.end, end: operand.end, text: ')' });
  };
  const visit = (node: ts.Node): void => {
    if (fork.isFunctionLike(node) && !isTimed(fork, node)) return;
    // In a line with `%time`, the inner await is the one to end.
    if (fork.isAwaitExpression(node) && !isTimer(fork, node.expression)) wrap(node.expression, 'wait');
    else if (fork.isForOfStatement(node) && node.awaitModifier !== undefined) wrap(node.expression, 'each');
    fork.forEachChild(node, visit);
  };
  visit(file);
  return edits;
}

/**
 * Loops that call something call a function of the kernel's that does nothing, too. V8 looks for interrupts where a function begins, but in a loop only after
 * so many instructions: `for (;;) JSON.parse(text)` would come to that after minutes.
 */
function loopEdits(fork: Fork, file: ts.SourceFile): Edit[] {
  if (!/\b(for|while|do)\b/.test(file.text)) return [];
  const edits: Edit[] = [];
  const visit = (node: ts.Node): boolean => {
    let calls = fork.isCallExpression(node) || fork.isNewExpression(node);
    fork.forEachChild(node, (child) => {
      if (visit(child)) calls = true;
    });
    if (fork.isIterationStatement(node, false) && calls) {
      const { statement } = node;
      const start = statement.getStart(file);
      if (fork.isBlock(statement)) edits.push({ start: start + 1, end: start + 1, text: ` ${LOOP_CALL}` });
      else {
        edits.push({ start, end: start, text: `{ ${LOOP_CALL} ` }, { start: statement.end, end: statement.end, text: ' }' });
      }
    }
    return calls;
  };
  visit(file);
  return edits;
}

/** The function around a line with `%time` is the cell's own code. */
function isTimed(fork: Fork, node: ts.Node): boolean {
  return fork.isArrowFunction(node) && isTimer(fork, node.parent);
}

function isTimer(fork: Fork, node: ts.Node): boolean {
  return fork.isCallExpression(node) && fork.isIdentifier(node.expression) && /^__nbs_time(it)?$/.test(node.expression.text);
}

/** `exports.f(x)` would give `f` a `this`: it becomes `(0, exports.f)(x)`. `import()` resolves from the notebook's folder. */
function callEdits(fork: Fork, file: ts.SourceFile): Edit[] {
  if (!/\bexports\.\w+[(`]|\bimport\s*\(/.test(file.text)) return [];
  const edits: Edit[] = [];
  const visit = (node: ts.Node, inFunction: boolean): void => {
    if (fork.isCallExpression(node) && node.expression.kind === fork.SyntaxKind.ImportKeyword) {
      const text = inFunction ? IMPORT_IN_FUNCTION : '__nbs.import';
      edits.push({ start: node.expression.getStart(file), end: node.expression.end, text });
    }
    const callee = fork.isCallExpression(node) ? node.expression : fork.isTaggedTemplateExpression(node) ? node.tag : undefined;
    if (callee !== undefined && isExported(fork, callee)) {
      const name = callee.name.getStart(file);
      // The bracket belongs to the edit, because V8 says of a call that it is where its bracket is.
      const bracket = file.text[callee.end] === '(' ? '(' : '';
      edits.push({ start: callee.getStart(file), end: callee.getStart(file), text: '(0, ' });
      edits.push({ start: name, end: callee.end + bracket.length, text: `${callee.name.text})${bracket}` });
    }
    const within = inFunction || fork.isFunctionLike(node);
    fork.forEachChild(node, (child) => visit(child, within));
  };
  visit(file, false);
  return edits;
}

function isExported(fork: Fork, node: ts.Node): node is ts.PropertyAccessExpression {
  return fork.isPropertyAccessExpression(node) && fork.isIdentifier(node.expression) && node.expression.text === 'exports';
}

function mapping(result: MappedText, module: string, encodedMap: string): CellFunction['toEmitted'] {
  let lines: { readonly result: LineIndex; readonly module: LineIndex; readonly map: SourceMap } | undefined;
  return (line, column) => {
    if (lines === undefined) {
      const map = JSON.parse(Buffer.from(encodedMap.trim(), 'base64').toString() || '{"mappings":""}') as { mappings: string };
      lines = { result: new LineIndex(result.text), module: new LineIndex(module), map: new SourceMap(map.mappings) };
    }
    const position = lines.module.position(result.toOriginal(lines.result.offset(line, column)));
    return lines.map.source(position.line, position.column);
  };
}

function accessor(name: string, kind: NameKind): string {
  const setter = kind === 'const' || kind === 'import' ? 'null' : `(__nbs_value) => { ${name} = __nbs_value; }`;
  return `${name}: ['${kind}', () => ${name}, ${setter}]`;
}

function isResult(fork: Fork, statement: ts.Statement, name: string): statement is ts.VariableStatement {
  if (!fork.isVariableStatement(statement) || statement.modifiers === undefined) return false;
  const declared = statement.declarationList.declarations[0]?.name;
  return declared !== undefined && fork.isIdentifier(declared) && declared.text === name;
}

function declaredNames(fork: Fork, statement: ts.Statement, kinds: Map<string, NameKind>): void {
  if (fork.isFunctionDeclaration(statement) && statement.name) kinds.set(statement.name.text, 'function');
  else if (fork.isClassDeclaration(statement) && statement.name) kinds.set(statement.name.text, 'class');
  else if (fork.isVariableStatement(statement)) {
    const { flags } = statement.declarationList;
    const kind = flags & 2 ? 'const' : flags & 1 ? 'let' : 'var';
    const add = (name: ts.BindingName): void => {
      if (fork.isIdentifier(name)) kinds.set(name.text, kind);
      else for (const element of name.elements) if (fork.isBindingElement(element)) add(element.name);
    };
    for (const declaration of statement.declarationList.declarations) add(declaration.name);
  }
}

function importCode(fork: Fork, statement: ts.ImportDeclaration, kinds: Map<string, NameKind>): string {
  const module = `await __nbs.wait(__nbs.import(${JSON.stringify((statement.moduleSpecifier as ts.StringLiteral).text)}))`;
  const clause = statement.importClause;
  if (clause === undefined) return `${module};`;
  const parts: string[] = [];
  const bindings: string[] = [];
  const bind = (from: string, name: string): void => {
    kinds.set(name, 'import');
    bindings.push(`${JSON.stringify(from)}: ${name}`);
  };
  if (clause.name !== undefined) bind('default', clause.name.text);
  if (clause.namedBindings !== undefined && fork.isNamedImports(clause.namedBindings)) {
    for (const element of clause.namedBindings.elements) bind((element.propertyName ?? element.name).text, element.name.text);
  }
  if (bindings.length > 0) parts.push(`const { ${bindings.join(', ')} } = ${module};`);
  if (clause.namedBindings !== undefined && fork.isNamespaceImport(clause.namedBindings)) {
    kinds.set(clause.namedBindings.name.text, 'import');
    parts.push(`const ${clause.namedBindings.name.text} = ${module};`);
  }
  return parts.join(' ');
}
