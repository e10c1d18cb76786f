import type { Edit } from '../mapped-text.js';
import { closing, isNode, opening, type SyntaxNode } from '../syntax.js';

/** Keys of nodes that contain only types, or no code. */
const SKIPPED = new Set([
  'loc',
  'extra',
  'errors',
  'leadingComments',
  'trailingComments',
  'innerComments',
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'superTypeParameters',
  'typeArguments',
  'superTypeArguments',
  'implements',
]);
const TYPE_LISTS = ['returnType', 'typeParameters', 'superTypeParameters', 'typeArguments', 'superTypeArguments'];
const MODIFIERS = /\b(?:public|private|protected|readonly|override|abstract|declare)\b\s*/g;
const LINE_END = /[\n\r\u2028\u2029]/;
/** Blanks and comments. */
const GAP = /^(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/;
/** What stands between the last parameter of a function and the bracket behind it, and the bracket. */
const TO_BRACKET = /^(?:[\s,(]|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*\)/;
const WORD = /[\w$\u0080-\uffff]/;
/** Nodes that may end without a semicolon. */
const UNTERMINATED = new Set([
  'ExpressionStatement',
  'VariableDeclaration',
  'ReturnStatement',
  'ThrowStatement',
  'ClassProperty',
  'ClassPrivateProperty',
]);

/**
 * Returns edits that remove the types from a cell; the remaining code keeps its positions.
 * Enums, namespaces with values, decorators, accessors and `import =` remain, because they need a compiler.
 */
export function typeErasures(program: SyntaxNode, text: string): Edit[] {
  const eraser = new TypeEraser(text);
  for (const statement of program.body as SyntaxNode[]) eraser.visit(statement, program);
  return eraser.edits;
}

class TypeEraser {
  readonly edits: Edit[] = [];
  readonly #text: string;
  readonly #ends = new Set<number>();

  constructor(text: string) {
    this.#text = text;
  }

  visit(node: SyntaxNode, parent: SyntaxNode): void {
    if (this.#isWhole(node)) {
      this.#cut(node.start, node.end, ';');
      return;
    }
    // `cellCode` makes the edits for imports.
    if (node.type === 'ImportDeclaration') return;
    this.#own(node);
    if (Array.isArray(node.params)) this.#thisParameter(node.params as SyntaxNode[]);
    for (const key of TYPE_LISTS) {
      const list = node[key];
      if (isNode(list)) this.#cut(list.start, list.end);
    }
    for (const key in node) {
      const value = node[key];
      // Most values are numbers and texts.
      if (typeof value !== 'object' || value === null || SKIPPED.has(key)) continue;
      if (Array.isArray(value)) {
        for (const child of value) if (isNode(child) && !(key === 'params' && isThis(child))) this.visit(child, node);
      } else if (isNode(value)) this.visit(value, node);
    }
    // If `x as T` ends a line without a semicolon, the next line must not become a part of it.
    const isHead = parent.type.startsWith('For') && parent.body !== node;
    if (UNTERMINATED.has(node.type) && !isHead && this.#text[node.end - 1] !== ';' && this.#ends.has(node.end)) {
      this.edits.push({ start: node.end, end: node.end, text: ';' });
    }
  }

  /** True if nothing of the node exists at run time. */
  #isWhole(node: SyntaxNode): boolean {
    switch (node.type) {
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSDeclareFunction':
      case 'TSDeclareMethod':
      case 'TSIndexSignature':
      // The namespace contains only types, or is `declare global`. A namespace with values needs a compiler.
      case 'TSModuleDeclaration':
        return true;
      case 'ExportNamedDeclaration':
        return node.exportKind === 'type' && !isNode(node.declaration);
      case 'ClassProperty':
      case 'ClassPrivateProperty':
      case 'ClassMethod':
      case 'ClassPrivateMethod':
        return node.declare === true || node.abstract === true;
      default:
        return node.declare === true;
    }
  }

  #own(node: SyntaxNode): void {
    switch (node.type) {
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
        this.#cut(closing(this.#text, node.expression as SyntaxNode), node.end);
        break;
      case 'TSNonNullExpression':
        this.#cut(node.end - 1, node.end);
        break;
      case 'TSTypeAssertion':
        this.#cut(node.start, opening(node.expression as SyntaxNode));
        break;
      case 'ArrowFunctionExpression':
        this.#arrow(node);
        break;
      case 'ClassProperty':
      case 'ClassPrivateProperty':
        this.#member(node);
        break;
      case 'ClassMethod':
      case 'ClassPrivateMethod':
        this.#member(node);
        if (node.kind === 'constructor') this.#assignProperties(node);
        break;
      case 'TSParameterProperty':
        this.#cut(node.start, (node.parameter as SyntaxNode).start);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node);
        break;
      case 'Identifier': {
        const end = node.start + (node.name as string).length;
        if (isNode(node.typeAnnotation)) this.#cut(end, node.typeAnnotation.end);
        else if (node.optional === true) this.#cut(end, node.end);
        return;
      }
    }
    if (isNode(node.typeAnnotation) && !node.type.startsWith('TS')) {
      const { start, end } = node.typeAnnotation;
      const optional = node.optional === true && /Pattern/.test(node.type) ? this.#text.lastIndexOf('?', start) : -1;
      this.#cut(optional >= 0 ? optional : start, end);
    }
  }

  /**
   * `() => <T>{ a: 1 }` would become a function with a block. Without the types, a line break may stand where none is allowed: in front of `=>`, and between
   * `async` or `return` and the parameters.
   */
  #arrow(node: SyntaxNode): void {
    const body = node.body as SyntaxNode;
    if (body.type === 'TSTypeAssertion' && opening(body) === body.start) {
      this.edits.push({ start: body.start, end: body.start, text: '(' }, { start: body.end, end: body.end, text: ')' });
    }
    const { typeParameters, returnType } = node;
    if (isNode(typeParameters)) {
      const gap = GAP.exec(this.#text.slice(typeParameters.end))?.[0] ?? '';
      if (LINE_END.test(gap)) this.#cut(typeParameters.end, typeParameters.end + gap.length);
    }
    if (!isNode(returnType)) return;
    const last = (node.params as SyntaxNode[]).at(-1) ?? (isNode(typeParameters) ? typeParameters : undefined);
    const from = last?.end ?? node.start + (node.async === true ? 'async'.length : 0);
    const toBracket = TO_BRACKET.exec(this.#text.slice(from, returnType.start))?.[0];
    if (toBracket === undefined) return;
    const bracket = from + toBracket.length;
    if (LINE_END.test(this.#text.slice(bracket, returnType.start))) this.#cut(bracket, returnType.start);
  }

  /** Removes the modifiers before a member's name, and the `?` or `!` after it. */
  #member(node: SyntaxNode): void {
    const key = node.key as SyntaxNode;
    const from = (node.decorators as SyntaxNode[] | undefined)?.at(-1)?.end ?? node.start;
    const keyStart = node.computed === true ? this.#text.lastIndexOf('[', key.start) : key.start;
    for (const match of this.#text.slice(from, keyStart).matchAll(MODIFIERS)) {
      const start = from + match.index;
      // Without its first word, `private [key] = 1` or `private *items() {}` would continue a member before it that has no semicolon.
      this.#cut(start, start + match[0].length, match.index === 0 ? ';' : '');
    }
    if (node.optional !== true && node.definite !== true) return;
    const keyEnd = node.computed === true ? this.#text.indexOf(']', key.end) + 1 : key.end;
    const mark = /^\s*[?!]/.exec(this.#text.slice(keyEnd));
    if (mark !== null) this.#cut(keyEnd + mark[0].length - 1, keyEnd + mark[0].length);
  }

  /** Converts `constructor(private x: number) {}` to `constructor(x) { this.x = x; }`. */
  #assignProperties(node: SyntaxNode): void {
    const names = (node.params as SyntaxNode[])
      .filter((one) => one.type === 'TSParameterProperty')
      .map(({ parameter }) => (((parameter as SyntaxNode).left ?? parameter) as SyntaxNode).name as string);
    const body = node.body as SyntaxNode | undefined;
    if (names.length === 0 || body === undefined) return;
    const callsSuper = (body.body as SyntaxNode[]).find(({ expression }) => isNode(expression) && isSuperCall(expression));
    const before = callsSuper ?? (body.directives as SyntaxNode[] | undefined)?.at(-1);
    const at = before?.end ?? body.start + 1;
    const assignments = names.map((name) => `this.${name} = ${name};`).join(' ');
    // The statement before may end without a semicolon.
    this.edits.push({ start: at, end: at, text: `${before === undefined ? ' ' : '; '}${assignments}` });
  }

  #class(node: SyntaxNode): void {
    if (node.abstract === true) {
      const at = this.#text.indexOf('abstract', (node.decorators as SyntaxNode[] | undefined)?.at(-1)?.end ?? node.start);
      this.#cut(at, at + 'abstract'.length);
    }
    const clauses = (node.implements as SyntaxNode[] | undefined) ?? [];
    const [first] = clauses;
    if (first === undefined) return;
    const before = [node.superTypeParameters, node.superTypeArguments, node.superClass, node.typeParameters, node.id].find(
      isNode,
    );
    const from = before?.end ?? node.start;
    const at = this.#text.slice(from, first.start).lastIndexOf('implements') + from;
    this.#cut(at, clauses.at(-1)?.end ?? first.end);
  }

  /** Removes the first parameter of `function f(this: T, a) {}`. */
  #thisParameter(params: readonly SyntaxNode[]): void {
    const [first, next] = params;
    if (first === undefined || !isThis(first)) return;
    const comma = /^\s*,/.exec(this.#text.slice(first.end))?.[0].length ?? 0;
    const end =
      next === undefined ? first.end + comma : ((next.decorators as SyntaxNode[] | undefined)?.[0]?.start ?? next.start);
    this.#cut(first.start, end);
  }

  #cut(start: number, end: number, by = ''): void {
    if (end <= start) return;
    // `return<any>x` would become one word.
    const isBetweenWords = by === '' && WORD.test(this.#text[start - 1] ?? '') && WORD.test(this.#text[end] ?? '');
    this.edits.push({ start, end, text: isBetweenWords ? ' ' : by });
    this.#ends.add(end);
  }
}

const isThis = (node: SyntaxNode): boolean => node.type === 'Identifier' && node.name === 'this';

const isSuperCall = (node: SyntaxNode): boolean =>
  node.type === 'CallExpression' && isNode(node.callee) && node.callee.type === 'Super';
