import { isNode, isTypeWrapper, type Node, parseCell, unwrap } from './parse.js';
import { patternParts } from './pattern.js';

/** The syntax of a function as a list of words, without what the compiler removes and the host adds. */
export interface SyntaxWords {
  /** A name of a variable is in an array, because the compiler may have renamed it. */
  readonly words: readonly (string | readonly [name: string])[];
  /** The names that the function declares inside. */
  readonly own: ReadonlySet<string>;
}

/** The names in code that only a host or the compiler writes. */
const OF_HOST = /^__nbs|^__name$|^exports$/;
/** What a node says besides its children. */
const SCALARS = 'operator prefix async generator delegate await kind static computed'.split(' ');
const CLAUSES = new Set(['body', 'consequent', 'alternate']);

/** @param root a class, a function or a member of an object literal */
export function syntaxWords(root: Node): SyntaxWords {
  const words: (string | readonly [name: string])[] = [];
  const own = new Set<string>();
  const visit = (given: Node, key: string): void => {
    const node = inTheUsersCode(given);
    if (node === null) return;
    words.push(`${key}:${node.type}`);
    for (const pattern of declaredBy(node))
      for (const part of patternParts(pattern)) if (part.isTarget) own.add(part.node.name as string);
    if (node.type === 'Identifier') {
      words.push([node.name as string]);
      // A default or a type is not a part of a name.
      return;
    }
    words.push(...valuesOf(node), '(');
    for (const [name, children] of childrenByKey(node)) for (const child of children) visit(child, name);
    words.push(')');
  };
  const childrenByKey = (node: Node): [string, Node[]][] =>
    Object.keys(node).flatMap((key): [string, Node[]][] => {
      const value = node[key];
      if (key.endsWith('omments')) return [];
      if (Array.isArray(value)) return [[key, value.filter(isNode)]];
      if (!isNode(value)) return [];
      if (isNameOf(node, key)) {
        words.push(`${key}:${String(value.name)}`);
        return [];
      }
      // The host puts the body of a loop in a block.
      const isClause = CLAUSES.has(key) && /^(For|While|DoWhile|If)/.test(node.type) && value.type !== 'BlockStatement';
      return [[key, [isClause ? block(value) : value]]];
    });
  visit(root, '');
  return { words, own };
}

const block = (statement: Node): Node => ({ type: 'BlockStatement', start: 0, end: 0, body: [statement], directives: [] });

/** True for `b` of `a.b` and of `{ b: 1 }`: no variable. */
const isNameOf = (node: Node, key: string): boolean =>
  (key === 'property' || key === 'key' || key === 'label' || key === 'meta') &&
  node.computed !== true &&
  (node[key] as Node).type === 'Identifier';

function valuesOf(node: Node): string[] {
  const values = SCALARS.filter((key) => node[key] !== undefined && node[key] !== null && node[key] !== false);
  const said = values.map((key) => `${key}=${String(node[key])}`);
  if (node.type.startsWith('Optional') && node.optional === true) said.push('optional');
  if (node.type === 'RegExpLiteral') said.push(`${String(node.pattern)}/${String(node.flags)}`);
  else if (node.type === 'TemplateElement') said.push(JSON.stringify((node.value as { raw: string }).raw));
  else if (node.type.endsWith('Literal') && 'value' in node) said.push(JSON.stringify(node.value));
  else if (node.type === 'JSXText') said.push(JSON.stringify(node.value));
  else if (node.type === 'JSXIdentifier') said.push(String(node.name));
  return said;
}

function declaredBy(node: Node): readonly unknown[] {
  if (node.type === 'VariableDeclarator') return [node.id];
  if (node.type === 'CatchClause') return [node.param];
  const isNamed = /^(Function|Class)(Expression|Declaration)$/.test(node.type);
  return [...(isNamed ? [node.id] : []), ...((node.params ?? []) as Node[])];
}

const identifier = (name: string): Node => ({ type: 'Identifier', start: 0, end: 0, name });
const IMPORT_META: Node = { type: 'MetaProperty', start: 0, end: 0, meta: identifier('import'), property: identifier('meta') };

/** The node that the user has written: without types, and inside of what the host has added. Null if there is none. */
function inTheUsersCode(given: Node): Node | null {
  let node = given;
  for (;;) {
    if (node.type === 'TSParameterProperty') node = node.parameter as Node;
    else if (isTypeWrapper(node)) node = unwrap(node);
    else {
      const inner = insideOfHost(node);
      if (inner === undefined) break;
      if (inner === null) return null;
      node = inner;
    }
  }
  const isRemoved =
    (node.type.startsWith('TS') && node.type !== 'TSEnumDeclaration') ||
    node.declare === true ||
    (node.abstract === true && node.type === 'ClassProperty') ||
    node.type === 'EmptyStatement' ||
    // TypeScript's parameter `this`.
    (node.type === 'Identifier' && node.name === 'this');
  if (isRemoved) return null;
  if (node.type === 'ExpressionStatement') return inTheUsersCode(node.expression as Node) === null ? null : node;
  if (node.type === 'StaticBlock') return (node.body as Node[]).every((one) => inTheUsersCode(one) === null) ? null : node;
  return node.type === 'ClassMethod' && node.kind === 'constructor' ? withAssignments(node) : node;
}

/** The constructor with the assignments `this.x = x` that the compiler writes for parameters such as `private x`. */
function withAssignments(method: Node): Node {
  const names = (method.params as Node[])
    .filter(({ type }) => type === 'TSParameterProperty')
    .map(({ parameter }) => (((parameter as Node).left ?? parameter) as Node).name as string);
  const body = method.body as Node | undefined;
  if (names.length === 0 || !isNode(body)) return method;
  const statements = body.body as Node[];
  const after = statements.findIndex(
    ({ expression }) => isNode(expression) && (expression.callee as Node | undefined)?.type === 'Super',
  );
  const assignments = parseCell(names.map((name) => `this.${name} = ${name};`).join(' '));
  return {
    ...method,
    body: { ...body, body: [...statements.slice(0, after + 1), ...assignments, ...statements.slice(after + 1)] },
  };
}

/**
 * What is inside of `__nbs_source("…", f)`, `__name(f, "f")`, `exports.f`, `(0, exports.f)` or another form in which a host writes the user's code. Null if
 * nothing of the user's is, such as in a call for interrupts in a loop. Undefined for the user's own code.
 */
function insideOfHost(node: Node): Node | null | undefined {
  switch (node.type) {
    case 'MemberExpression': {
      const { object, property } = node as Node & Record<'object' | 'property', Node>;
      if (!isNameOfHost(object)) return undefined;
      if (object.name === '__nbs' && property.name === 'meta') return IMPORT_META;
      return /exports$/.test(object.name as string) ? property : undefined;
    }
    case 'SequenceExpression': {
      const [zero, name, ...others] = node.expressions as Node[];
      return zero?.type === 'NumericLiteral' && zero.value === 0 && others.length === 0 ? name : undefined;
    }
    // typeof __nbs_loop === 'function' && __nbs_loop()
    case 'LogicalExpression':
      return isTypeOfHost(node.left) ? null : undefined;
    case 'ConditionalExpression': {
      const test = node.test as Node;
      // typeof __nbs === 'object' ? __nbs.import : (id) => import(id)
      if (isTypeOfHost(test)) return { type: 'Import', start: 0, end: 0 };
      // typeof exports === 'object' && 'f' in exports ? exports.f : f
      return test.type === 'LogicalExpression' && isTypeOfHost(test.left) ? (node.consequent as Node) : undefined;
    }
    case 'CallExpression': {
      if (!isNameOfHost(node.callee)) return undefined;
      const [first, second] = node.arguments as Node[];
      const value = (node.callee as Node).name === '__name' ? first : second;
      return value === undefined || value.type === 'Identifier' || value.type === 'ThisExpression' ? null : value;
    }
    default:
      return undefined;
  }
}

function isTypeOfHost(test: unknown): boolean {
  const operand = isNode(test) && test.type === 'BinaryExpression' ? (test.left as Node) : undefined;
  return operand?.type === 'UnaryExpression' && operand.operator === 'typeof' && isNameOfHost(operand.argument);
}

const isNameOfHost = (node: unknown): boolean => isNode(node) && node.type === 'Identifier' && OF_HOST.test(node.name as string);
