import type { Analyser, Context } from './analyse.js';
import { childrenOf, isNode, type Node } from './parse.js';
import { functionScope } from './scope.js';

type Visitor = (this: Analyser, node: Node, context: Context) => void;

const nothing: Visitor = () => {};

const block: Visitor = function (node, context) {
  const inner = { ...context, scope: this.open('block', node, context.scope) };
  for (const child of childrenOf(node)) this.visit(child, inner);
};

const functionExpression: Visitor = function (node, context) {
  const id = node.id as Node | null | undefined;
  if (!id) return this.callable(node, context, true);
  const self = this.open('block', node, context.scope);
  self.names.add(id.name as string);
  this.callable(node, { ...context, scope: self }, true, id.name as string);
};

const memberExpression: Visitor = function (node, context) {
  this.visit(node.object as Node, context);
  if (node.computed === true) this.visit(node.property as Node, context);
};

const classMember: Visitor = function (node, context) {
  this.member(node, context);
};

const call: Visitor = function (node, context) {
  const callee = node.callee as Node;
  const args = node.arguments as Node[];
  if (callee.type === 'Import') {
    const first = args[0];
    const module = first?.type === 'StringLiteral' ? (first.value as string) : undefined;
    this.imports.push({ start: callee.start, module });
  } else if (callee.type === 'FunctionExpression' || callee.type === 'ArrowFunctionExpression') {
    // Called where it stands: its body runs now.
    this.callable(callee, context, false);
  } else this.visit(callee, context);
  this.visitAll(args, context);
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

/** What to do at each node type that isn't just a parent of its children. */
export const VISITORS: Readonly<Record<string, Visitor>> = {
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
  ArrowFunctionExpression(node, context) {
    this.callable(node, context, true);
  },
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
    const merged = this.merged.get(key) ?? new Set<string>();
    this.merged.set(key, merged);
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
