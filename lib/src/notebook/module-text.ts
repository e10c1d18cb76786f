import { dirname, relative, resolve } from 'node:path';
import { anglesIn, childrenOf, isNode, type Node } from '../code/index.js';
import { codeOf } from './called-code.js';
import type { Slice } from './slice.js';
import { declaresTypesToo, type Statement } from './statement.js';

/** One module: applications whose slices agree on every name. */
export interface ModulePlan {
  readonly slices: readonly Slice[];
  /** Name → the statement that declares the value. */
  readonly values: ReadonlyMap<string, Statement>;
  /** Name → the statement that declares the type. A value may have the same name. */
  readonly types: ReadonlyMap<string, Statement>;
}

/** Applications that need different declarations or different values of one name get different modules. */
export function planModules(slices: readonly Slice[]): readonly ModulePlan[] {
  const plans: { slices: Slice[]; values: Map<string, Statement>; types: Map<string, Statement> }[] = [];
  for (const slice of slices) {
    const agrees = (own: ReadonlyMap<string, Statement>, all: ReadonlyMap<string, Statement>): boolean =>
      [...own].every(([name, statement]) => (all.get(name) ?? statement) === statement);
    const fits = plans.find(
      ({ slices: others, values, types }) =>
        agrees(slice.values, values) &&
        agrees(slice.types, types) &&
        mayStandBeside(slice.values, types) &&
        mayStandBeside(values, slice.types) &&
        others.every((other) => !changesFor(slice, other) && !changesFor(other, slice)),
    );
    const plan = fits ?? { slices: [], values: new Map<string, Statement>(), types: new Map<string, Statement>() };
    if (fits === undefined) plans.push(plan);
    plan.slices.push(slice);
    for (const [name, statement] of slice.values) plan.values.set(name, statement);
    for (const [name, statement] of slice.types) plan.types.set(name, statement);
  }
  return plans;
}

/** A class or an enum has no other type of its name beside it, except in its own cell: `class Box {…} interface Box {…}` is one type. */
const mayStandBeside = (values: ReadonlyMap<string, Statement>, types: ReadonlyMap<string, Statement>): boolean =>
  [...values].every(([name, one]) => !declaresTypesToo(one) || (types.get(name)?.cell ?? one.cell) === one.cell);

/** Whether the first application has a change that the second one would see, and that was not made above the run of the second one. */
const changesFor = (one: Slice, other: Slice): boolean =>
  [...one.changes].some(
    ([statement, names]) =>
      !other.changes.has(statement) &&
      // The names that no cell declares are those of the whole program. An import without names may change all of it.
      (names.size === 0 || [...names].some((name) => other.values.has(name) || (one.free.has(name) && name !== 'console'))),
  );

/**
 * The statements of a module, each after those that it uses when it runs.
 * @param statements those of the notebook
 */
export function statementsIn({ slices, values, types }: ModulePlan, statements: readonly Statement[]): readonly Statement[] {
  const parts = new Map(slices.flatMap((slice) => [...slice.parts]));
  const changes = slices.flatMap((slice) => [...slice.changes.keys()]);
  const all = new Set([...values.values(), ...types.values(), ...changes, ...[...parts.values()].flat()]);
  const ordered = [...all].sort((a, b) => a.order - b.order);
  const declaring = (name: string): Statement | undefined => values.get(name);
  const done = new Set<Statement>();
  const put = (statement: Statement): void => {
    if (done.has(statement)) return;
    // It is marked before what it uses, so that a circle ends.
    done.add(statement);
    for (const part of parts.get(statement) ?? []) if (part.order < statement.order) put(part);
    for (const used of usedAtOnce(statement, declaring)) put(used);
    for (const used of usedByCalls(statement, declaring, statements)) put(used);
    placed.add(statement);
  };
  const placed = new Set<Statement>();
  for (const statement of ordered) put(statement);
  return [...placed];
}

type Declaring = (name: string) => Statement | undefined;

/** What the statement's own code uses when it runs. */
const usedAtOnce = ({ uses }: Statement, declaring: Declaring): readonly Statement[] =>
  uses.flatMap(({ name, depth }) => (depth === 0 ? (declaring(name) ?? []) : []));

/**
 * What the functions and classes that a statement calls may use while it runs. Code that names a later declaration has used an older one of that name, or has
 * not run: then the declaration stays where it is, because what the notebook did before it comes first.
 */
function usedByCalls(statement: Statement, declaring: Declaring, statements: readonly Statement[]): readonly Statement[] {
  return [...codeOf(statement.called.keys(), declaring)].flatMap((code) => {
    // It stands above the statement only in the module.
    const isMoved = code.order > statement.order && code.cell !== statement.cell;
    return code.uses.flatMap(({ name }) => {
      const used = declaring(name);
      if (used === undefined || needs(used, statement, declaring)) return [];
      const hadOlder = (): boolean => statements.some((one) => one.order < statement.order && one.values.has(name));
      return used.order < statement.order || isMoved || hadOlder() ? [used] : [];
    });
  });
}

/** Whether a statement can only run after another one. */
function needs(statement: Statement, other: Statement, declaring: Declaring, seen = new Set<Statement>()): boolean {
  if (statement === other) return true;
  if (seen.has(statement)) return false;
  seen.add(statement);
  return usedAtOnce(statement, declaring).some((used) => needs(used, other, declaring, seen));
}

export interface TextOptions {
  /** Absolute paths, from which relative imports are written again. */
  readonly notebook: string;
  readonly module: string;
  /** The comments for JSX; '' in a module without it. */
  readonly jsx: string;
}

/** The text of a statement, with only the names that the module needs of it. */
export function textOf(statement: Statement, plan: ModulePlan, options: TextOptions): string {
  const { values, types, slices } = plan;
  const { node } = statement;
  const isNeeded = (name: string): boolean => values.get(name) === statement || types.get(name) === statement;
  if (node.type === 'ImportDeclaration') {
    const isValue = (name: string): boolean => values.get(name) === statement;
    return importText(statement, isNeeded, isValue, options);
  }
  const comments = commentsAbove(statement);
  if (node.type !== 'VariableDeclaration') return `${comments}${sourceOf(statement, node, options)}`;
  const kind = String(node.kind);
  const isChange = slices.some(({ changes }) => changes.has(statement));
  const all = node.declarations as Node[];
  const kept = keptOf(all, isNeeded, isChange);
  const textsOf = (some: readonly Node[]): string => some.map((one) => sourceOf(statement, one, options)).join(', ');
  // They change what the module needs, but nothing needs their names.
  if (kept.size === 0) return `${comments}{ ${kind} ${textsOf(all)}; }`;
  const written = all.filter((one) => isChange || kept.has(one));
  const collide = (some: Iterable<Node>): boolean =>
    [...some].some(({ id }) => boundNames(id).some((name) => !isNeeded(name) && values.has(name)));
  // A name that belongs to another statement of the module stays inside of a function.
  const inside = (some: readonly Node[]): string => {
    const needed = some.flatMap(({ id }) => boundNames(id).filter(isNeeded)).join(', ');
    return `${kind} { ${needed} } = await (async () => {\n  ${kind} ${textsOf(some)};\n  return { ${needed} };\n})();`;
  };
  const isHelper = ({ id }: Node): boolean => !boundNames(id).some(isNeeded);
  if (collide([...kept].filter(isHelper))) return `${comments}${inside(written)}`;
  const lines = written.map((one) => {
    if (!kept.has(one)) return `{ ${kind} ${textsOf([one])}; }`;
    return collide([one]) ? inside([one]) : `${kind} ${textsOf([one])};`;
  });
  return `${comments}${lines.join('\n')}`;
}

/**
 * The declarators whose names the module has: those that it needs, and those that these name. Of a change all are written, so what any of them names is kept
 * too, if not all can stand in one block.
 */
function keptOf(all: readonly Node[], isNeeded: (name: string) => boolean, isChange: boolean): ReadonlySet<Node> {
  const kept = new Set(all.filter(({ id }) => boundNames(id).some(isNeeded)));
  if (kept.size === 0) return kept;
  const readers = new Set(isChange ? all : kept);
  for (const reader of readers) {
    const words = wordsIn(reader);
    for (const one of all) {
      if (one === reader || !boundNames(one.id).some((name) => words.has(name))) continue;
      kept.add(one);
      readers.add(one);
    }
  }
  return kept;
}

/** Every identifier in the node, also the names of properties. */
function wordsIn(node: Node): ReadonlySet<string> {
  const own = node.type === 'Identifier' ? [node.name as string] : [];
  return new Set([...own, ...childrenOf(node).flatMap((child) => [...wordsIn(child)])]);
}

/**
 * The text of a part of a statement. A module that it imports when it runs is named as seen from the module, and angle brackets of types are replaced if they
 * would be JSX there.
 */
export function sourceOf({ source, isPlain }: Statement, part: Node, options: TextOptions): string {
  const edits = importedIn(part).map(({ start, end, value }) => ({
    start,
    end,
    text: JSON.stringify(seenFromModule(value as string, options)),
  }));
  if (options.jsx !== '' && isPlain) edits.push(...anglesIn({ source, statements: [part] }));
  let text = '';
  let at = part.start;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    if (edit.start < at) continue;
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at, part.end);
}

/** The names of modules in `import('./x.ts')` and in types `import('./x.ts').X`, from the first to the last. */
function importedIn(node: Node): readonly Node[] {
  const argument = node.type === 'TSImportType' ? node.argument : isImport(node) ? (node.arguments as Node[])[0] : undefined;
  const literal = isNode(argument) && argument.type === 'TSLiteralType' ? argument.literal : argument;
  const own = isNode(literal) && literal.type === 'StringLiteral' && String(literal.value).startsWith('.') ? [literal] : [];
  return [...own, ...childrenOf(node).flatMap(importedIn)].sort((a, b) => a.start - b.start);
}

const isImport = ({ type, callee }: Node): boolean => type === 'CallExpression' && isNode(callee) && callee.type === 'Import';

/** The name of a module that the notebook imports: a relative one leads to the same file from the module. */
function seenFromModule(path: string, { notebook, module }: TextOptions): string {
  if (!path.startsWith('.') || dirname(module) === dirname(notebook)) return path;
  const found = relative(dirname(module), resolve(dirname(notebook), path));
  return found.startsWith('.') ? found : `./${found}`;
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

function importText(
  { node, source }: Statement,
  isNeeded: (name: string) => boolean,
  isValue: (name: string) => boolean,
  options: TextOptions,
): string {
  const specifiers = (node.specifiers as Node[]).filter(({ local }) => isNeeded((local as Node).name as string));
  const literal = node.source as Node;
  const after = source.slice(literal.end, node.end);
  const from = JSON.stringify(seenFromModule(literal.value as string, options));
  if ((node.specifiers as Node[]).length === 0) return `import ${from}${after}`;
  return specifiers
    .map((one) => {
      const name = (one.local as Node).name as string;
      const isType = node.importKind === 'type' || (one.importKind !== 'type' && !isValue(name));
      const ofType = isType ? 'type ' : '';
      if (one.type === 'ImportDefaultSpecifier') return `import ${ofType}${name} from ${from}${after}`;
      if (one.type === 'ImportNamespaceSpecifier') return `import ${ofType}* as ${name} from ${from}${after}`;
      return `import ${ofType}{ ${source.slice(one.start, one.end)} } from ${from}${after}`;
    })
    .join('\n');
}
