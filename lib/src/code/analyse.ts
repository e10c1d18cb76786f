import { childrenOf, isInstantiated, isNode, isTypeWrapper, type Node } from './parse.js';
import type { DynamicImport, Reference, Scope } from './scope.js';
import { VISITORS } from './visitors.js';

/** What a cell's code uses: every name in a value position with the scope it stands in. */
export interface Analysis {
  readonly scope: Scope;
  readonly references: readonly Reference[];
  readonly imports: readonly DynamicImport[];
  /** Depth of each class and function expression, by its start. */
  readonly depths: ReadonlyMap<number, number>;
}

type Kind = Reference['kind'];

export interface Context {
  readonly scope: Scope;
  readonly depth: number;
}

/** Finds every value use. Types, property names and labels are no uses. */
export function analyse(statements: readonly Node[], length: number): Analysis {
  return new Analyser(length).run(statements);
}

/** The walk over one cell. Methods are called by the table in `visitors.ts`. */
export class Analyser {
  readonly references: Reference[] = [];
  readonly imports: DynamicImport[] = [];
  readonly depths = new Map<number, number>();
  readonly merged = new Map<string, Set<string>>();
  private readonly module: Scope;

  constructor(length: number) {
    this.module = { kind: 'module', parent: null, names: new Set(), start: 0, end: length };
  }

  run(statements: readonly Node[]): Analysis {
    for (const statement of statements) this.visit(statement, { scope: this.module, depth: 0 });
    return { scope: this.module, references: this.references, imports: this.imports, depths: this.depths };
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

  /** Declares the names of a binding pattern; visits its defaults and computed keys. */
  bind(pattern: unknown, target: Scope, context: Context): void {
    if (!isNode(pattern)) return;
    switch (pattern.type) {
      case 'Identifier':
        if (pattern.name !== 'this') target.names.add(pattern.name as string);
        break;
      case 'ObjectPattern':
        for (const property of pattern.properties as Node[]) {
          if (property.computed === true) this.visit(property.key as Node, context);
          this.bind(property.type === 'RestElement' ? property.argument : property.value, target, context);
        }
        break;
      case 'ArrayPattern':
        for (const element of pattern.elements as unknown[]) this.bind(element, target, context);
        break;
      case 'AssignmentPattern':
        this.bind(pattern.left, target, context);
        this.visit(pattern.right as Node, context);
        break;
      case 'RestElement':
        this.bind(pattern.argument, target, context);
        break;
      case 'TSParameterProperty':
        this.bind(pattern.parameter, target, context);
        break;
    }
  }

  /** Visits the target of an assignment. */
  assign(target: unknown, context: Context, shorthand = false): void {
    if (!isNode(target)) return;
    switch (target.type) {
      case 'Identifier':
        this.use(target, context, 'write', shorthand);
        break;
      case 'ObjectPattern':
        for (const property of target.properties as Node[]) {
          if (property.computed === true) this.visit(property.key as Node, context);
          this.assign(property.type === 'RestElement' ? property.argument : property.value, context, property.shorthand === true);
        }
        break;
      case 'ArrayPattern':
        for (const element of target.elements as unknown[]) this.assign(element, context);
        break;
      case 'AssignmentPattern':
        this.assign(target.left, context, shorthand);
        this.visit(target.right as Node, context);
        break;
      case 'RestElement':
        this.assign(target.argument, context);
        break;
      default:
        if (isTypeWrapper(target)) this.assign(target.expression, context);
        else this.mutate(target, context);
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

  /** Parameters and body. `later`: the body runs when it is called, not where it stands. */
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
    const merged = this.merged.get(key) ?? new Set();
    this.merged.set(key, merged);
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

// An identifier of a binding or parameter ends after its type; its name doesn't.
function nameEnd(node: Node): number {
  return node.start + (node.name as string).length;
}
