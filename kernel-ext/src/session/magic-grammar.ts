import {
  type DeclaredName,
  type FirstOperand,
  type Grammar,
  isMagic,
  type SyntaxPlaces,
  type TimedCode,
} from '../magics/index.js';
import { children, completenessOfPart, isNode, isPart, parseCell, type SyntaxNode, walk } from './syntax.js';

/** TypeScript for magics. @param declared whether an earlier cell has declared the name */
export function magicGrammar(declared: (name: string) => boolean): Grammar {
  return {
    completeness: (text) => completenessOfPart(text).status,
    firstOperand,
    expressionNames,
    places,
    declared: declaredNames,
    timed,
    undeclared,
    isDeclared: declared,
    isGlobal: (name) => name in globalThis,
    isMagic,
  };
}

/** The expression that the text is or begins with. */
function expressionOf(text: string, mayFollow: boolean): SyntaxNode | undefined {
  const program = parseCell(text);
  if (program === undefined || !isPart(program)) return undefined;
  const [statement, ...others] = program.body as SyntaxNode[];
  if (others.length > 0 && !mayFollow) return undefined;
  return statement?.type === 'ExpressionStatement' ? (statement.expression as SyntaxNode) : undefined;
}

/** For each kind of expression, the part that it begins with. */
const FIRST: Readonly<Record<string, string>> = {
  UnaryExpression: 'argument',
  AwaitExpression: 'argument',
  UpdateExpression: 'argument',
  BinaryExpression: 'left',
  LogicalExpression: 'left',
  AssignmentExpression: 'left',
  ConditionalExpression: 'test',
  MemberExpression: 'object',
  OptionalMemberExpression: 'object',
  CallExpression: 'callee',
  OptionalCallExpression: 'callee',
  TaggedTemplateExpression: 'tag',
  TSNonNullExpression: 'expression',
  TSAsExpression: 'expression',
  TSSatisfiesExpression: 'expression',
  TSInstantiationExpression: 'expression',
};

/** The result of `!` has no such operators, but commands have: `!ls -la`, `!ls | sort`. */
const OF_COMMANDS = /^(?:[-/*%|<>&]|<<|>>|>>>)$/;

function firstOperand(text: string): FirstOperand | undefined {
  let node = expressionOf(text, true);
  let parent: SyntaxNode | undefined;
  while (node !== undefined) {
    const below: unknown = node.type === 'SequenceExpression' ? (node.expressions as unknown[])[0] : node[FIRST[node.type] ?? ''];
    if (!isNode(below)) break;
    if (
      node.type === 'BinaryExpression' &&
      below.type === 'UnaryExpression' &&
      below.start === 0 &&
      OF_COMMANDS.test(node.operator as string)
    )
      return { kind: 'command' };
    parent = node;
    node = below;
  }
  if (node === undefined) return undefined;
  if (node.type === 'RegExpLiteral' && parent?.type === 'UnaryExpression' && /^!\s*\//.test(text)) return { kind: 'command' };
  if (node.type !== 'Identifier') return { kind: 'other' };
  return { kind: 'name', name: node.name as string, isCalled: /Call|Tagged/.test(parent?.type ?? '') };
}

function expressionNames(text: string): readonly string[] | undefined {
  if (text.trim() === '') return undefined;
  const expression = expressionOf(`(${text}\n)`, false);
  if (expression === undefined || expression.type === 'SequenceExpression' || /Literal$/.test(expression.type)) return undefined;
  const names = new Set<string>();
  const own = new Set<string>();
  walk(expression, (node, parent) => {
    if (/Function/.test(node.type)) for (const one of node.params as SyntaxNode[]) addNames(one, own);
    if (node.type !== 'Identifier') return undefined;
    const isProperty = /Member/.test(parent?.type ?? '') && parent?.property === node && parent.computed !== true;
    const isKey =
      parent?.type === 'ObjectProperty' && parent.key === node && parent.shorthand !== true && parent.computed !== true;
    if (!isProperty && !isKey) names.add(node.name as string);
    return undefined;
  });
  return [...names].filter((name) => !own.has(name));
}

function addNames(pattern: SyntaxNode, names: Set<string>): void {
  walk(pattern, (node) => {
    if (node.type === 'Identifier') names.add(node.name as string);
    return undefined;
  });
}

function places(text: string): SyntaxPlaces | undefined {
  const program = parseCell(text);
  if (program === undefined || program.errors.length > 0) return undefined;
  const statements = new Set<number>();
  const remainders = new Set<number>();
  const names = new Set<string>();
  walk(program, (node) => {
    if (/Statement$|^VariableDeclaration$|^ExportNamedDeclaration$/.test(node.type)) statements.add(node.start);
    if (node.type === 'BinaryExpression' && node.operator === '%')
      remainders.add(text.indexOf('%', (node.left as SyntaxNode).end) + 1);
    if (node.type === 'Identifier') names.add(node.name as string);
    return undefined;
  });
  return { statements, remainders, names };
}

/** What has names of its own, besides functions. */
const BLOCK = /^(?:BlockStatement|For\w*Statement|SwitchStatement|StaticBlock|CatchClause|TSModuleBlock|Class\w+)$/;

const NO_VALUE = /^TS(?:Interface|TypeAlias)Declaration$/;

function declaredNames(text: string): readonly DeclaredName[] | undefined {
  const program = parseCell(text);
  if (program === undefined || program.errors.length > 0) return undefined;
  const { declared, assigned } = namesIn(program, text);
  return [...declared, ...assigned];
}

/** The names that the code declares, and those that it only assigns to, as in `files = !ls`, which declares them at the top too. */
function namesIn(program: SyntaxNode, text: string): Readonly<Record<'declared' | 'assigned', DeclaredName[]>> {
  const lineOf = lineFinder(text);
  const declared: DeclaredName[] = [];
  /** For each name, the blocks that have one of their own. */
  const blocks = new Map<string, SyntaxNode[]>();
  const targets: SyntaxNode[] = [];
  const add = (pattern: unknown, block: SyntaxNode | undefined, isHoisted: boolean): void => {
    if (!isNode(pattern)) return;
    const line = lineOf(pattern.start);
    const lines = block === undefined ? EVERYWHERE : { from: lineOf(block.start), to: lineOf(block.end) };
    for (const name of boundNames(pattern)) {
      declared.push({ name, line, ...lines, isHoisted });
      if (block === undefined) continue;
      const known = blocks.get(name);
      if (known === undefined) blocks.set(name, [block]);
      else known.push(block);
    }
  };
  /** @param body the function around the node @param block the innermost block around it; both undefined at the top */
  const visit = (node: SyntaxNode, body: SyntaxNode | undefined, block: SyntaxNode | undefined): void => {
    const { type } = node;
    if (NO_VALUE.test(type)) return;
    const isFunction = Array.isArray(node.params) && !type.startsWith('TS');
    const inner = isFunction || BLOCK.test(type) ? node : block;
    const isVar = node.kind === 'var';
    if (type === 'VariableDeclaration')
      for (const { id } of node.declarations as SyntaxNode[]) add(id, isVar ? body : block, isVar);
    else if (/^Import.*Specifier$/.test(type)) add(node.local, block, true);
    else if (/Declaration$/.test(type)) add(node.id, block, type === 'FunctionDeclaration');
    else if (/^(?:Function|Class)Expression$/.test(type)) add(node.id, node, true);
    else if (type === 'CatchClause') add(node.param, node, true);
    else if (type === 'AssignmentExpression' && isNode(node.left) && node.left.type === 'Identifier') targets.push(node.left);
    if (isFunction) for (const parameter of node.params as SyntaxNode[]) add(parameter, node, true);
    for (const child of children(node)) visit(child, isFunction ? node : body, inner);
  };
  for (const statement of program.body as SyntaxNode[]) visit(statement, undefined, undefined);
  const isInner = ({ name, start, end }: SyntaxNode): boolean =>
    blocks.get(name as string)?.some((block) => block.start <= start && end <= block.end) === true;
  const assigned = targets
    .filter((target) => !isInner(target))
    .map(({ name, start }) => ({ name: name as string, line: lineOf(start), ...EVERYWHERE, isHoisted: false }));
  return { declared, assigned };
}

/** The lines of a name that the whole cell has. */
const EVERYWHERE = { from: -1, to: Number.POSITIVE_INFINITY };

/** A function that says in which line of the text an offset is, from 0. */
function lineFinder(text: string): (offset: number) => number {
  const breaks = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    let [low, high] = [0, breaks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((breaks[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The names that a pattern binds: of `{ a: [b = c], ...d }`, `b` and `d`. */
function boundNames(pattern: SyntaxNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name as string];
    case 'AssignmentPattern':
      return boundNames(pattern.left as SyntaxNode);
    case 'RestElement':
      return boundNames(pattern.argument as SyntaxNode);
    case 'TSParameterProperty':
      return boundNames(pattern.parameter as SyntaxNode);
    case 'ArrayPattern':
      return (pattern.elements as (SyntaxNode | null)[]).flatMap((one) => (one === null ? [] : boundNames(one)));
    case 'ObjectPattern':
      return (pattern.properties as SyntaxNode[]).flatMap((one) =>
        boundNames(one.type === 'RestElement' ? one : (one.value as SyntaxNode)),
      );
    default:
      return [];
  }
}

/** Declarations by any name: of variables, functions, classes and types. */
const DECLARES = /Declaration$/;

function timed(text: string): TimedCode | undefined {
  const program = parseCell(text);
  if (program === undefined || !isPart(program)) return undefined;
  const body = program.body as SyntaxNode[];
  const last = body.at(-1);
  if (last === undefined) return undefined;
  const [only] = body.length === 1 ? body : [];
  if (body.some(({ type }) => DECLARES.test(type))) {
    const declarators = only?.type === 'VariableDeclaration' ? (only.declarations as SyntaxNode[]) : [];
    const value = declarators.length === 1 ? declarators[0]?.init : undefined;
    return { kind: 'declaration', end: last.end, ...(isNode(value) ? { value: { start: value.start, end: value.end } } : {}) };
  }
  // Without its brackets, which the node does not contain, an expression would end too early.
  return only?.type === 'ExpressionStatement'
    ? { kind: 'expression', end: only.start + text.slice(only.start, only.end).replace(/;\s*$/, '').length }
    : { kind: 'statements', end: last.end };
}

function undeclared(text: string): ReadonlySet<string> {
  const program = parseCell(text);
  const found = new Set<string>();
  if (program === undefined) return found;
  for (const { type, expression } of program.body as SyntaxNode[]) {
    const { left } = (type === 'ExpressionStatement' ? expression : {}) as { left?: SyntaxNode };
    if (left?.type === 'Identifier') found.add(left.name as string);
  }
  for (const { name, from } of namesIn(program, text).declared) if (from === EVERYWHERE.from) found.delete(name);
  return found;
}
