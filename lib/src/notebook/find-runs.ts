import {
  analyse,
  childrenOf,
  functionsRunBy,
  isCall,
  isNode,
  type Node,
  resolveReference,
  staticKey,
  unwrap,
} from '../code/index.js';
import type { Statement } from './statement.js';

/** One application that the notebook runs. */
export interface NotebookApp {
  readonly name: string;
  readonly routePrefix: string | null;
  readonly statement: Statement;
  /** The bound deployment. */
  readonly expression: Node;
  /** The text after the expression: `.bind()` for `X.deploy()`. */
  readonly suffix: string;
}

export interface FoundRuns {
  /** The applications that run after the last cell, apart from `serve.shutdown()`. */
  readonly apps: readonly NotebookApp[];
  /** The options of the last `serve.start`, as a configuration has them. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** What could not be taken over, with its cell. */
  readonly notes: readonly string[];
}

/** Calls that change the cluster. A module for production must not make them. */
const CHANGES = new Set(['run', 'start', 'delete', 'shutdown', 'traffic', 'canary']);

/** Whether the statement, or a function that it runs at once, changes the cluster. */
export const changesCluster = ({ node }: Statement): boolean =>
  callsIn(node, true).some((call) => CHANGES.has(serveMethod(call) ?? '') || deployed(call) !== undefined);

/** Whether a call anywhere in the statement, also in a function that runs later, changes the cluster. */
export const changesClusterLater = ({ node }: Statement): boolean => {
  const changes = (one: Node): boolean =>
    (one.type === 'CallExpression' && (CHANGES.has(serveMethod(one) ?? '') || deployed(one) !== undefined)) ||
    childrenOf(one).some(changes);
  return changes(node);
};

/** Finds the applications as the cells run them, from the first to the last. */
export function findRuns(statements: readonly Statement[]): FoundRuns {
  const apps = new Map<string, NotebookApp>();
  const notes: string[] = [];
  let cluster: Readonly<Record<string, unknown>> = {};
  for (const statement of statements) {
    const where = `cell ${statement.cell}`;
    if (runsInFunction(statement.node)) notes.push(`${where}: serve.run in a function is left out; call it outside of functions`);
    for (const call of callsIn(statement.node)) {
      const method = serveMethod(call);
      const [first, second] = call.arguments as Node[];
      if (method === 'delete') {
        const name = textOf(constantOf(first, statement, statements));
        if (name === undefined)
          notes.push(`${where}: serve.delete is left out, because the name of its application is only known when the cell runs`);
        else if (apps.delete(name)) notes.push(`${where} deletes the application ${name}`);
      } else if (method === 'start') {
        const started = startOf(first, (node) => constantOf(node, statement, statements));
        cluster = started.options;
        for (const option of started.leftOut) notes.push(`${where}: ${option} of serve.start is not in the configuration`);
      } else if (method === 'traffic' || method === 'canary') {
        notes.push(`${where}: serve.${method} is not part of a configuration; use nbserve ${method} after the deploy`);
      }
      const bound = deployed(call);
      const app =
        method === 'run' && first !== undefined
          ? runOf(statement, statements, first, second)
          : deployOf(statement, statements, bound);
      if (app === undefined) continue;
      if (typeof app === 'string') {
        notes.push(`${where}: ${app}`);
        continue;
      }
      const inBlock = namesOfBlocks(app);
      if (inBlock.length > 0) {
        notes.push(`${where}: serve.run uses ${inBlock.join(', ')}, declared in a block; declare it at the top of a cell`);
        continue;
      }
      for (const other of [...apps.values()]) {
        if (other.name === app.name || other.routePrefix === null || other.routePrefix !== app.routePrefix) continue;
        apps.delete(other.name);
        notes.push(`${where} gives the route ${app.routePrefix} of the application ${other.name} to ${app.name}`);
      }
      apps.set(app.name, app);
    }
  }
  return { apps: [...apps.values()], cluster, notes };
}

/** Options of `serve.start` that are for a notebook: a configuration is for a cluster that outlives its commands. */
const OF_NOTEBOOK = new Set(['address', 'detached']);

/** The options of `serve.start` that are known before the cell runs, and what is left out. */
function startOf(
  given: Node | undefined,
  constant: (node: Node | undefined) => Node | undefined,
): { readonly options: Readonly<Record<string, unknown>>; readonly leftOut: readonly string[] } {
  const options: Record<string, unknown> = {};
  const leftOut: string[] = [];
  const object = constant(given);
  if (object !== undefined && object.type !== 'ObjectExpression') leftOut.push('the argument');
  for (const property of (object?.type === 'ObjectExpression' ? object.properties : []) as Node[]) {
    const key = property.type === 'ObjectProperty' ? staticKey(property) : undefined;
    const value = key === undefined ? undefined : literalValue(property.value as Node, constant);
    if (key === undefined) leftOut.push('an option that is only known when the cell runs');
    else if (OF_NOTEBOOK.has(key) || value === undefined) leftOut.push(`the option ${key}`);
    else options[key] = value;
  }
  return { options, leftOut };
}

/** The value of a literal, of a constant, or of an object or array of them; `undefined` if it is only known when the cell runs. */
function literalValue(given: Node, constant: (node: Node | undefined) => Node | undefined): unknown {
  const node = constant(given) as Node;
  const text = textOf(node);
  if (text !== undefined) return text;
  if (node.type === 'NullLiteral') return null;
  if (node.type === 'NumericLiteral' || node.type === 'BooleanLiteral') return node.value;
  if (node.type === 'ArrayExpression') {
    const items = (node.elements as (Node | null)[]).map((item) => (item === null ? undefined : literalValue(item, constant)));
    return items.includes(undefined) ? undefined : items;
  }
  if (node.type !== 'ObjectExpression') return undefined;
  const entries = (node.properties as Node[]).map((property) => {
    const key = property.type === 'ObjectProperty' ? staticKey(property) : undefined;
    return [key, key === undefined ? undefined : literalValue(property.value as Node, constant)] as const;
  });
  return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
}

/** The names in the application's expression that a block of its statement declares. Outside of the block nothing has these names. */
function namesOfBlocks({ statement, expression }: NotebookApp): string[] {
  const free = analyse([expression], statement.source.length).references.filter((one) => resolveReference(one) === null);
  const outside = new Set(statement.uses.map(({ name }) => name));
  return [...new Set(free.map(({ name }) => name))].filter((name) => !outside.has(name) && !statement.values.has(name));
}

/** The options may be written at the call, or as a constant of the notebook. So may each text in them. */
function runOf(
  statement: Statement,
  statements: readonly Statement[],
  expression: Node,
  options: Node | undefined,
): NotebookApp | string {
  const constant = (node: Node | undefined): Node | undefined => constantOf(node, statement, statements);
  const given = constant(options);
  if (given !== undefined && given.type !== 'ObjectExpression')
    return 'the options of serve.run are neither written at the call nor a constant of the notebook';
  const properties = ((given?.properties ?? []) as Node[]).flatMap((property) => {
    const spread = property.type === 'SpreadElement' ? constant(property.argument as Node) : undefined;
    return spread?.type === 'ObjectExpression' ? (spread.properties as Node[]) : [property];
  });
  let name: string | undefined = 'default';
  let routePrefix: string | null | undefined = '/';
  for (const property of properties) {
    const key = property.type === 'ObjectProperty' ? staticKey(property) : undefined;
    const value = isNode(property.value) ? constant(property.value) : undefined;
    if (key === 'name') name = textOf(value);
    else if (key === 'routePrefix') routePrefix = value?.type === 'NullLiteral' ? null : textOf(value);
    else if (key === undefined) return 'the options of serve.run contain a part that is only known when the cell runs';
  }
  if (name === undefined || routePrefix === undefined)
    return 'the name and routePrefix of serve.run must be texts, because a configuration names them';
  return { name, routePrefix, statement, expression, suffix: '' };
}

/** What a constant of the notebook was declared as when the statement ran; any other expression itself. */
function constantOf(node: Node | undefined, at: Statement, statements: readonly Statement[]): Node | undefined {
  const inner = node === undefined ? undefined : unwrap(node);
  if (inner?.type !== 'Identifier') return inner;
  const name = inner.name as string;
  const declared = statements.findLast(({ values, order }) => order <= at.order && values.has(name))?.values.get(name);
  if (declared?.kind !== 'const' || declared.node === null || (declared.path ?? '') !== '') return inner;
  return unwrap(declared.node);
}

/** `Chat.deploy()` is `serve.run(Chat.bind(), { name: 'Chat', routePrefix: '/Chat' })`. */
function deployOf(
  statement: Statement,
  statements: readonly Statement[],
  bound: Node | undefined,
): NotebookApp | string | undefined {
  if (bound === undefined) return undefined;
  const variable = bound.type === 'Identifier' ? (bound.name as string) : undefined;
  const declared = statements.findLast(({ values, order }) => order <= statement.order && values.has(variable ?? ''));
  const made = declared?.values.get(variable ?? '')?.node ?? null;
  const name = made === null ? undefined : deploymentName(unwrap(made));
  if (name === undefined)
    return 'the name of the deployment of .deploy() is only known when the cell runs; use serve.run with a name';
  return { name, routePrefix: `/${name}`, statement, expression: bound, suffix: '.bind()' };
}

/** The name of `serve.deployment(class Chat …, { name })`. */
function deploymentName(call: Node): string | undefined {
  if (call.type !== 'CallExpression' || serveMethod(call) !== 'deployment') return undefined;
  const [target, options] = (call.arguments as Node[]).map(unwrap);
  const property = ((options?.properties ?? []) as Node[]).find(
    (one) => one.type === 'ObjectProperty' && staticKey(one) === 'name',
  );
  if (property !== undefined) return textOf(property.value as Node);
  const id = target?.id;
  return isNode(id) ? (id.name as string) : undefined;
}

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'ClassPrivateMethod',
  'ObjectMethod',
]);

/** The calls that the statement makes when it runs. @param entersCallbacks whether those in functions that run at once count */
function callsIn(node: Node, entersCallbacks = false): Node[] {
  const found: Node[] = [];
  const runNow = new Set<Node>();
  const visit = (one: Node): void => {
    if (FUNCTIONS.has(one.type) && !runNow.has(one)) return;
    if (one.type === 'ClassProperty' && one.static !== true) return;
    if (entersCallbacks && isCall(one)) for (const run of functionsRunBy(one)) runNow.add(run);
    for (const child of childrenOf(one)) visit(child);
    if (one.type === 'CallExpression') found.push(one);
  };
  visit(node);
  return found;
}

/** Whether a function in the node calls `serve.run`. */
function runsInFunction(node: Node, isInside = false): boolean {
  if (isInside && node.type === 'CallExpression' && serveMethod(node) === 'run') return true;
  const inner = isInside || FUNCTIONS.has(node.type);
  return childrenOf(node).some((child) => runsInFunction(child, inner));
}

/** `run` for `serve.run(…)`. */
function serveMethod({ callee }: Node): string | undefined {
  if (!isNode(callee) || callee.type !== 'MemberExpression' || callee.computed === true) return undefined;
  const { object, property } = callee as unknown as { object: Node; property: Node };
  return object.type === 'Identifier' && object.name === 'serve' ? (property.name as string) : undefined;
}

/** `Chat` for `Chat.deploy()`. */
function deployed(call: Node): Node | undefined {
  const { callee } = call;
  if (!isNode(callee) || callee.type !== 'MemberExpression' || callee.computed === true) return undefined;
  const { object, property } = callee as unknown as { object: Node; property: Node };
  return property.name === 'deploy' && (call.arguments as Node[]).length === 0 ? object : undefined;
}

function textOf(node: Node | undefined): string | undefined {
  const inner = node === undefined ? undefined : unwrap(node);
  if (inner?.type === 'StringLiteral') return inner.value as string;
  if (inner?.type !== 'TemplateLiteral' || (inner.expressions as Node[]).length > 0) return undefined;
  return ((inner.quasis as Node[])[0]?.value as { cooked?: string } | undefined)?.cooked;
}
