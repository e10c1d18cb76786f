import { dirname, relative, resolve } from 'node:path';
import { childrenOf, isNode, type Node } from '../code/index.js';
import type { Slice } from './slice.js';
import type { Statement } from './statement.js';

/** One module: applications whose slices agree on every name. */
export interface ModulePlan {
  readonly slices: readonly Slice[];
  /** Name → the statement that declares it. */
  readonly names: ReadonlyMap<string, Statement>;
}

/** Applications that need different declarations of one name get different modules. */
export function planModules(slices: readonly Slice[]): readonly ModulePlan[] {
  const plans: { slices: Slice[]; names: Map<string, Statement> }[] = [];
  for (const slice of slices) {
    const own = [...slice.values, ...slice.types];
    const fits = plans.find(({ names }) => own.every(([name, statement]) => (names.get(name) ?? statement) === statement));
    const plan = fits ?? { slices: [], names: new Map<string, Statement>() };
    if (fits === undefined) plans.push(plan);
    plan.slices.push(slice);
    for (const [name, statement] of own) plan.names.set(name, statement);
  }
  return plans;
}

/** The statements of a module, each after those that it uses when it runs. */
export function statementsIn({ slices, names }: ModulePlan): readonly Statement[] {
  const all = new Set([...names.values(), ...slices.flatMap(({ changes }) => [...changes])]);
  const ordered = [...all].sort((a, b) => a.order - b.order);
  const done = new Set<Statement>();
  const put = (statement: Statement): void => {
    if (done.has(statement)) return;
    // It is marked before what it uses, so that a circle ends.
    done.add(statement);
    placed.delete(statement);
    for (const { name, depth } of statement.uses) {
      const used = names.get(name);
      if (used !== undefined && depth === 0) put(used);
    }
    placed.add(statement);
  };
  const placed = new Set<Statement>();
  for (const statement of ordered) put(statement);
  return [...placed];
}

export interface TextOptions {
  /** Absolute paths, from which relative imports are written again. */
  readonly notebook: string;
  readonly module: string;
}

/** The text of a statement, with only the names that the module needs of it. */
export function textOf(statement: Statement, { names }: ModulePlan, options: TextOptions): string {
  const { node, source } = statement;
  const isNeeded = (name: string): boolean => names.get(name) === statement;
  if (node.type === 'ImportDeclaration') return importText(statement, isNeeded, options);
  const comments = commentsAbove(statement);
  if (node.type !== 'VariableDeclaration') return `${comments}${source.slice(node.start, node.end)}`;
  const kind = String(node.kind);
  const kept = (node.declarations as Node[]).filter((declarator) => boundNames(declarator.id).some(isNeeded));
  const lines = kept.map((declarator) => {
    const bound = boundNames(declarator.id);
    const text = source.slice(declarator.start, declarator.end);
    const collides = bound.some((name) => !isNeeded(name) && names.has(name));
    if (!collides) return `${kind} ${text};`;
    // One of its names belongs to another statement of the module.
    const needed = bound.filter(isNeeded).join(', ');
    return `${kind} { ${needed} } = await (async () => {\n  const ${text};\n  return { ${needed} };\n})();`;
  });
  return `${comments}${lines.join('\n')}`;
}

/** The names that a pattern binds. */
function boundNames(pattern: unknown): readonly string[] {
  if (!isNode(pattern)) return [];
  if (pattern.type === 'Identifier') return [pattern.name as string];
  if (pattern.type === 'AssignmentPattern') return boundNames(pattern.left);
  if (pattern.type === 'ObjectProperty') return boundNames(pattern.value);
  return pattern.type.endsWith('Pattern') || pattern.type === 'RestElement' ? [...childrenOf(pattern)].flatMap(boundNames) : [];
}

/** Comments directly above the statement: they may be the descriptions in its OpenAPI document. */
function commentsAbove({ node, source }: Statement): string {
  const comments = (node.leadingComments ?? []) as readonly Node[];
  const [first] = comments;
  return first === undefined ? '' : source.slice(first.start, node.start).replaceAll(/^ +$/gm, '');
}

function importText({ node, source }: Statement, isNeeded: (name: string) => boolean, { notebook, module }: TextOptions): string {
  const specifiers = (node.specifiers as Node[]).filter(({ local }) => isNeeded((local as Node).name as string));
  const literal = node.source as Node;
  const after = source.slice(literal.end, node.end);
  const path = literal.value as string;
  const from = JSON.stringify(path.startsWith('.') ? relativeTo(dirname(module), resolve(dirname(notebook), path)) : path);
  const ofType = node.importKind === 'type' ? 'type ' : '';
  return specifiers
    .map((one) => {
      const name = (one.local as Node).name as string;
      if (one.type === 'ImportDefaultSpecifier') return `import ${ofType}${name} from ${from}${after}`;
      if (one.type === 'ImportNamespaceSpecifier') return `import ${ofType}* as ${name} from ${from}${after}`;
      return `import ${ofType}{ ${source.slice(one.start, one.end)} } from ${from}${after}`;
    })
    .join('\n');
}

function relativeTo(folder: string, path: string): string {
  const found = relative(folder, path);
  return found.startsWith('.') ? found : `./${found}`;
}
