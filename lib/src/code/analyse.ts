import { childrenOf, isInstantiated, isNode, isTypeWrapper, type Node } from './parse.js';
import { patternParts } from './pattern.js';
import { functionsRunBy } from './run-at-once.js';
import { type DynamicImport, functionScope, type Reference, type Scope } from './scope.js';

/** What a cell's code uses: every name in a value position, with the scope around it. */
export interface Analysis {
  readonly scope: Scope;
  readonly references: readonly Reference[];
  readonly imports: readonly DynamicImport[];
  /** The depth of each class and function expression, by the offset at which it starts. */
  readonly depths: ReadonlyMap<number, number>;
}

type Kind = Reference['kind'];

interface Context {
  readonly scope: Scope;
  readonly depth: number;
}

/** Finds every use of a name as a value; types, property names and labels are no uses. If it enters callbacks, what `forEach` and the like get runs now. */
export function analyse(statements: readonly Node[], length: number, entersCallbacks = false): Analysis {
  return new Analyser(length, entersCallbacks).run(statements);
}

/** The walk over one cell. The table `VISITORS` calls its methods. */
class Analyser {
  readonly references: Reference[] = [];
  readonly imports: DynamicImport[] = [];
  readonly depths = new Map<number, number>();
  readonly #merged = new Map<string, Set<string>>();
  readonly #module: Scope;

  constructor(
    length: number,
    readonly entersCallbacks: boolean,
  ) {
    this.#module = { kind: 'module', parent: null, names: new Set(), start: 0, end: length };
  }

  run(statements: readonly Node[]): Analysis {
    for (const statement of statements) this.visit(statement, { scope: this.#module, depth: 0 });
    return { scope: this.#module, references: this.references, imports: this.imports, depths: this.depths };
  }

  /** The names that all blocks of one namespace or enum share. */
  mergedNames(key: string): Set<string> {
    const names = this.#merged.get(key) ?? new Set<string>();
    this.#merged.set(key, names);
    return names;
  }

  open(kind: Scope['kind'], node: Node, parent: Scope, extra: { label?: string; merged?: Set<string> } = {}): Scope {
    return { kind, parent, names: new Set(), start: node.start, end: node.end, ...extra };
  }

  use(node: Node, context: Context, kind: Kind, shorthand = false): void {
    const { scope, depth } = context;
    this.references.push({ name: node.name as string, start: node.start, end: nameEnd(node), scope, kind, shorthand, depth });
  }

  visitAll(nodes: unknown, context: Context): void {
    for (const node of (nodes as readonly unknown[] | undefined) ?? []) if (isNode(node)) this.visit(node, context);
  }

  maybe(node: unknown, context: Context): void {
    if (isNode(node)) this.visit(node, context);
  }

  visit(node: Node, context: Context): void {
    const visitor = VISITORS[node.type];
    if (visitor) visitor.call(this, node, context);
    else if (isTypeWrapper(node)) this.visit(node.expression as Node, context);
    // Every other TypeScript node is a type or an ambient declaration.
    else if (!node.type.startsWith('TS')) for (const child of childrenOf(node)) this.visit(child, context);
  }

  /** Declares the names of a binding pattern, and visits the expressions in it. */
  bind(pattern: unknown, target: Scope, context: Context): void {
    for (const { node, isTarget } of patternParts(pattern)) {
      if (!isTarget) this.visit(node, context);
      else if (node.type === 'Identifier' && node.name !== 'this') target.names.add(node.name as string);
    }
  }

  /** Visits the target of an assignment. */
  assign(pattern: unknown, context: Context): void {
    for (const { node, isTarget, shorthand } of patternParts(pattern)) {
      if (!isTarget) this.visit(node, context);
      else if (node.type === 'Identifier') this.use(node, context, 'write', shorthand);
      else if (isTypeWrapper(node)) this.assign(node.expression, context);
      else this.mutate(node, context);
    }
  }

  /** Visits `x.a.b`, which is written to or deleted. */
  mutate(target: Node, context: Context): void {
    let root = target;
    while (root.type === 'MemberExpression' || root.type === 'OptionalMemberExpression' || isTypeWrapper(root)) {
      if (root.computed === true) this.visit(root.property as Node, context);
      root = (root.object ?? root.expression) as Node;
    }
    if (root.type === 'Identifier') this.use(root, context, 'mutate');
    else this.visit(root, context);
  }

  /** Visits parameters and body. `later`: the body runs when it is called, not at its place in the code. */
  callable(node: Node, context: Context, later: boolean, label?: string): void {
    this.depths.set(node.start, context.depth);
    const scope = this.open('function', node, context.scope, label === undefined ? {} : { label });
    const inner = { scope, depth: context.depth + (later ? 1 : 0) };
    if (node.type !== 'ArrowFunctionExpression') scope.names.add('arguments');
    for (const parameter of node.params as Node[]) {
      this.visitAll(parameter.decorators, context);
      this.bind(parameter, scope, inner);
    }
    const body = node.body;
    if (isNode(body) && body.type === 'BlockStatement') this.visitAll(body.body, inner);
    else this.maybe(body, inner);
  }

  classLike(node: Node, context: Context): void {
    if (node.declare === true) return;
    this.depths.set(node.start, context.depth);
    this.visitAll(node.decorators, context);
    const name = (node.id as Node | null)?.name as string | undefined;
    const scope = this.open('class', node, context.scope, name === undefined ? {} : { label: name });
    if (name !== undefined) scope.names.add(name);
    const inner = { scope, depth: context.depth };
    this.maybe(node.superClass, inner);
    this.visitAll((node.body as Node).body, inner);
  }

  member(node: Node, context: Context): void {
    if (node.declare === true || node.abstract === true) return;
    this.visitAll(node.decorators, context);
    if (node.computed === true) this.visit(node.key as Node, context);
    if ('params' in node) this.callable(node, context, true);
    else this.maybe(node.value, node.static === true ? context : { ...context, depth: context.depth + 1 });
  }

  namespace(node: Node, context: Context, path: string): void {
    if (node.declare === true || !isNode(node.id) || node.id.type !== 'Identifier') return;
    const name = node.id.name as string;
    const key = `${path}${context.scope.start}/${name}`;
    const merged = this.mergedNames(key);
    const body = node.body as Node;
    const scope = this.open('function', node, context.scope, { merged });
    if (isInstantiated(node)) context.scope.names.add(name);
    if (body.type === 'TSModuleDeclaration') {
      this.namespace(body, { ...context, scope }, `${key}/`);
      merged.add((body.id as Node).name as string);
      return;
    }
    for (const statement of body.body as Node[]) {
      const before = new Set(scope.names);
      this.visit(statement, { ...context, scope });
      if (statement.type === 'ExportNamedDeclaration') for (const added of scope.names) if (!before.has(added)) merged.add(added);
    }
  }
}

// The node of a binding or parameter ends after its type; its name ends before.
function nameEnd(node: Node): number {
  return node.start + (node.name as string).length;
}

type Visitor = (this: Analyser, node: Node, context: Context) => void;

const nothing: Visitor = () => {};

const block: Visitor = function (node, context) {
  const inner = { ...context, scope: this.open('block', node, context.scope) };
  for (const child of childrenOf(node)) this.visit(child, inner);
};

const memberExpression: Visitor = function (node, context) {
  this.visit(node.object as Node, context);
  if (node.computed === true) this.visit(node.property as Node, context);
};

const classMember: Visitor = function (node, context) {
  this.member(node, context);
};

/** A function expression may have a name, which only its own body knows. */
function functionExpression(this: Analyser, node: Node, context: Context, later = true): void {
  const name = (node.id as Node | null | undefined)?.name as string | undefined;
  const scope = name === undefined ? context.scope : this.open('block', node, context.scope);
  if (name !== undefined) scope.names.add(name);
  this.callable(node, { ...context, scope }, later, name);
}

const call: Visitor = function (node, context) {
  const callee = node.callee as Node;
  const args = node.arguments as Node[];
  const module = args[0]?.type === 'StringLiteral' ? (args[0].value as string) : null;
  if (callee.type === 'Import') this.imports.push({ start: callee.start, module });
  const runNow = functionsRunBy(node, this.entersCallbacks);
  for (const one of [callee, ...args]) {
    if (runNow.includes(one)) functionExpression.call(this, one, context, false);
    else this.visit(one, context);
  }
};

const forLoop: Visitor = function (node, context) {
  const inner = { ...context, scope: this.open('block', node, context.scope) };
  const left = node.left;
  if (isNode(left)) {
    if (left.type === 'VariableDeclaration') this.visit(left, inner);
    else this.assign(left, inner);
  }
  for (const key of ['init', 'test', 'update', 'right', 'body']) this.maybe(node[key], inner);
};

/** In JSX, a tag with a capital letter or with a dot is a value of the program. Other tags are the names of elements. */
const tag: Visitor = function (node, context) {
  let root = node.name as Node;
  const isMember = root.type === 'JSXMemberExpression';
  while (root.type === 'JSXMemberExpression') root = root.object as Node;
  const name = root.type === 'JSXIdentifier' ? (root.name as string) : '';
  if (isMember ? name !== 'this' : /^[^a-z-]+/.test(name) && !name.includes('-')) this.use(root, context, 'read');
  this.visitAll(node.attributes, context);
};

/** What to do at each type of node. A type that is not in this table only has its children visited. */
const VISITORS: Readonly<Record<string, Visitor>> = {
  Identifier(node, context) {
    this.use(node, context, 'read');
  },
  MemberExpression: memberExpression,
  OptionalMemberExpression: memberExpression,
  PrivateName: nothing,
  MetaProperty: nothing,
  BreakStatement: nothing,
  ContinueStatement: nothing,
  ExportAllDeclaration: nothing,
  LabeledStatement(node, context) {
    this.visit(node.body as Node, context);
  },
  ObjectProperty(node, context) {
    if (node.computed === true) this.visit(node.key as Node, context);
    const value = node.value as Node;
    if (node.shorthand === true && value.type === 'Identifier') this.use(value, context, 'read', true);
    else this.visit(value, context);
  },
  ObjectMethod: classMember,
  ClassMethod: classMember,
  ClassPrivateMethod: classMember,
  ClassProperty: classMember,
  ClassPrivateProperty: classMember,
  ClassAccessorProperty: classMember,
  StaticBlock(node, context) {
    const scope = this.open('function', node, context.scope);
    this.visitAll(node.body, { ...context, scope });
  },
  FunctionDeclaration(node, context) {
    if (node.declare === true) return;
    const name = (node.id as Node | null)?.name as string | undefined;
    if (name !== undefined) context.scope.names.add(name);
    this.callable(node, context, true, name);
  },
  FunctionExpression: functionExpression,
  ArrowFunctionExpression: functionExpression,
  ClassDeclaration(node, context) {
    const name = (node.id as Node | null)?.name as string | undefined;
    if (name !== undefined && node.declare !== true) context.scope.names.add(name);
    this.classLike(node, context);
  },
  ClassExpression(node, context) {
    this.classLike(node, context);
  },
  VariableDeclaration(node, context) {
    if (node.declare === true) return;
    const target = node.kind === 'var' ? functionScope(context.scope) : context.scope;
    for (const declarator of node.declarations as Node[]) {
      this.bind(declarator.id, target, context);
      this.maybe(declarator.init, context);
    }
  },
  BlockStatement: block,
  SwitchStatement: block,
  ForStatement: forLoop,
  ForInStatement: forLoop,
  ForOfStatement: forLoop,
  CatchClause(node, context) {
    const scope = this.open('block', node, context.scope);
    const inner = { ...context, scope };
    this.bind(node.param, scope, inner);
    this.visit(node.body as Node, inner);
  },
  AssignmentExpression(node, context) {
    this.assign(node.left, context);
    this.visit(node.right as Node, context);
  },
  UpdateExpression(node, context) {
    this.assign(node.argument, context);
  },
  UnaryExpression(node, context) {
    const argument = node.argument as Node;
    if (node.operator === 'typeof' && argument.type === 'Identifier') this.use(argument, context, 'typeof');
    else if (node.operator === 'delete') this.mutate(argument, context);
    else this.visit(argument, context);
  },
  CallExpression: call,
  JSXOpeningElement: tag,
  JSXClosingElement: tag,
  OptionalCallExpression: call,
  ImportDeclaration(node, context) {
    if (node.importKind === 'type') return;
    for (const specifier of node.specifiers as Node[]) {
      if (specifier.importKind !== 'type') context.scope.names.add((specifier.local as Node).name as string);
    }
  },
  ExportNamedDeclaration(node, context) {
    this.maybe(node.declaration, context);
  },
  TSEnumDeclaration(node, context) {
    if (node.declare === true) return;
    const name = (node.id as Node).name as string;
    context.scope.names.add(name);
    const key = `${context.scope.start}/${name}`;
    const merged = this.mergedNames(key);
    const members = (node.members ?? (node.body as Node).members) as Node[];
    for (const member of members) {
      const id = member.id as Node;
      merged.add((id.name ?? id.value) as string);
    }
    const scope = this.open('function', node, context.scope, { merged });
    for (const member of members) this.maybe(member.initializer, { ...context, scope });
  },
  TSModuleDeclaration(node, context) {
    this.namespace(node, context, '');
  },
  TSImportEqualsDeclaration(node, context) {
    if (node.importKind === 'type') return;
    context.scope.names.add((node.id as Node).name as string);
    let root = node.moduleReference as Node;
    while (root.type === 'TSQualifiedName') root = root.left as Node;
    if (root.type === 'Identifier') this.use(root, context, 'read');
  },
  TSExportAssignment(node, context) {
    this.visit(node.expression as Node, context);
  },
  TSParameterProperty(node, context) {
    this.visit(node.parameter as Node, context);
  },
};
