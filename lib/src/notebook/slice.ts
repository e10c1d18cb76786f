import type { Reference } from '../code/index.js';
import { CannotBuild } from './errors.js';
import { changesCluster, type NotebookApp } from './find-runs.js';
import { isMissing } from './notebook-names.js';
import { declaresTypesToo, type Statement } from './statement.js';

/** What one application needs of the notebook. */
export interface Slice {
  readonly app: NotebookApp;
  /** The statement that declares each value that it needs. */
  readonly values: ReadonlyMap<string, Statement>;
  /** The statement that declares each type that it needs. */
  readonly types: ReadonlyMap<string, Statement>;
  /** Statements that change needed variables. */
  readonly changes: ReadonlySet<Statement>;
  /** Names that the notebook does not declare, such as `serve`, and the first cell that uses each. */
  readonly free: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** True if the statement, or a function that it runs at once, changes the name. */
const isWrite = ({ kind, depth }: Reference): boolean => depth === 0 && (kind === 'write' || kind === 'mutate');

/**
 * Finds what the expression of an application needs, as it was when its cell ran: of a name that several cells declare, the last declaration before that.
 * @throws NBS_CANNOT_BUILD if it needs the result of `serve.run`
 */
export function sliceOf(app: NotebookApp, statements: readonly Statement[], file: string): Slice {
  const at = app.statement.order;
  // A function of the same cell may stand below the call.
  const before = statements.filter(({ order, cell }) => order <= at || cell === app.statement.cell);
  const declaring = (name: string): Statement | undefined =>
    before.findLast((one) => one.values.has(name) && (one.order <= at || one.node.type === 'FunctionDeclaration'));
  const values = new Map<string, Statement>();
  const types = new Map<string, Statement>();
  const changes = new Set<Statement>();
  const free = new Map<string, number>();
  const notes = new Set<string>();
  /** Calls of functions that may change a needed name. */
  const passedOn: { readonly name: string; readonly statement: Statement; readonly call: string }[] = [];

  const need = (name: string, user: Statement, path: readonly string[]): void => {
    if (values.has(name)) return;
    const found = declaring(name);
    if (found === undefined) {
      if (!free.has(name)) free.set(name, user.cell);
      return;
    }
    if (changesCluster(found)) {
      const chain = [...path, name].join(' uses ');
      const problem = `${chain}, which is a result of serve.run or another call that changes the cluster; pass the bound deployment to bind(…), or call serve.getAppHandle(…) where it is used`;
      throw CannotBuild({ file, cell: user.cell, problem });
    }
    values.set(name, found);
    include(found, [...path, name]);
    for (const one of before) {
      if (one.order <= found.order || one.order >= at || changes.has(one) || values.get(name) === one) continue;
      const writes = one.uses.some((use) => use.name === name && isWrite(use));
      const all = one.calls.filter((call) => call.name === name);
      const calls = all.filter((call) => !call.isArgument);
      const [passed] = all.filter((call) => call.isArgument);
      if (!writes && calls.length === 0) {
        if (passed !== undefined) passedOn.push({ name, statement: one, call: passed.method });
        continue;
      }
      const isSure = writes || calls.some((call) => call.isKnown);
      if (changesCluster(one)) {
        if (isSure) notes.add(`cell ${one.cell} changes ${name} in a statement that changes the cluster, and is left out`);
        continue;
      }
      const call = `cell ${one.cell}: ${name}.${calls[0]?.method}(…)`;
      // A call of an imported module's function seldom changes the module, and may have any other effect.
      if (!writes && found.node.type === 'ImportDeclaration') {
        notes.add(`${call} is left out`);
        continue;
      }
      if (!isSure) {
        if (usesCluster(one)) {
          notes.add(`${call} is left out, because it uses a result of a call that changes the cluster`);
          continue;
        }
        notes.add(`${call} is in the module, because it may change ${name}`);
      }
      changes.add(one);
      include(one, [...path, name]);
    }
  };

  /** Whether the statement, or one that it needs, uses what a call that changes the cluster has returned. */
  const usesCluster = (statement: Statement, seen = new Set([statement])): boolean =>
    statement.uses.some(({ name }) => {
      const used = declaring(name);
      if (used === undefined || seen.has(used)) return false;
      seen.add(used);
      return changesCluster(used) || usesCluster(used, seen);
    });

  /** A name that the statement, or one that it needs, uses when it runs, and that a module does not have; otherwise null. */
  const missingOf = (statement: Statement, seen = new Set([statement])): string | null => {
    for (const { name, kind, depth } of statement.uses) {
      if (depth > 0 || kind === 'typeof') continue;
      const used = declaring(name);
      if (used === undefined && isMissing(name)) return name;
      if (used === undefined || seen.has(used)) continue;
      seen.add(used);
      const missing = missingOf(used, seen);
      if (missing !== null) return missing;
    }
    return null;
  };

  /** The values of `typeof Chat` in types. A handle is not needed, because types do not run. */
  const needTypeOf = (statement: Statement, path: readonly string[]): void => {
    for (const name of statement.typeQueries) {
      const found = declaring(name);
      if (found !== undefined && !changesCluster(found)) need(name, statement, path);
    }
  };

  const needTypes = (words: ReadonlySet<string>, path: readonly string[]): void => {
    for (const word of words) {
      if (types.has(word)) continue;
      const found = before.findLast((one) => one.types.has(word));
      const value = declaring(word);
      // A class of a later cell has taken the name of the type.
      const isTaken = (type: Statement): boolean =>
        value !== undefined && declaresTypesToo(value) && value.order > type.order && value.cell !== type.cell;
      if (found === undefined || isTaken(found)) continue;
      types.set(word, found);
      needTypes(found.words, path);
      needTypeOf(found, path);
      needValuesOf(found, path);
    }
  };

  /** Classes, enums and imports that a statement uses as types. An import stays one of a type, if nothing uses its value. */
  const needValuesOf = (statement: Statement, path: readonly string[]): void => {
    for (const name of statement.typeNames) {
      const found = declaring(name);
      // A type of a later cell has taken the name; one of the same cell is the other half of the declaration.
      const isOther = (one: Statement | undefined): boolean => one !== undefined && one !== found && one.cell !== found?.cell;
      if (found === undefined || isOther(before.findLast((one) => one.types.has(name) && one.order > found.order))) continue;
      if (found.node.type === 'ImportDeclaration') types.set(name, found);
      else if (found.node.type !== 'VariableDeclaration') need(name, statement, path);
    }
  };

  const include = (statement: Statement, path: readonly string[]): void => {
    for (const use of statement.uses) {
      need(use.name, statement, path);
      if (use.depth > 0) continue;
      const then = statements.findLast((one) => one.values.has(use.name) && one.order <= statement.order);
      const now = values.get(use.name);
      if (then !== undefined && now !== undefined && then !== now)
        notes.add(
          `cell ${statement.cell} ran with the ${use.name} of cell ${then.cell}; the module has the one of cell ${now.cell}`,
        );
    }
    needTypeOf(statement, path);
    needTypes(statement.words, path);
    needValuesOf(statement, path);
  };

  /** Statements that change what the whole program sees, such as `process.env.X = …` and `import 'reflect-metadata'`. */
  const needGlobalChanges = (): void => {
    const isGlobal = (name: string): boolean => name in globalThis && !statements.some(({ values: own }) => own.has(name));
    for (const one of before) {
      if (one.order >= at || changes.has(one)) continue;
      const { node } = one;
      const imports =
        node.type === 'ImportDeclaration' && (node.specifiers as unknown[]).length === 0 && node.importKind !== 'type';
      const written = one.uses.find((use) => isWrite(use) && isGlobal(use.name));
      const called = one.calls.find(({ name, isKnown }) => isKnown && name !== 'console' && isGlobal(name));
      if (!imports && written === undefined && called === undefined) continue;
      if (changesCluster(one) || usesCluster(one)) {
        const { name } = (written ?? called) as { name: string };
        notes.add(`cell ${one.cell} changes ${name} in a statement that uses the cluster, and is left out`);
        continue;
      }
      const lacking = missingOf(one);
      if (lacking !== null) {
        notes.add(`cell ${one.cell} uses ${lacking}, which the module does not have, in a statement that is left out`);
        continue;
      }
      changes.add(one);
      include(one, [`cell ${one.cell}`]);
    }
  };

  const { start, end } = app.expression;
  const inExpression = app.statement.uses.filter((use) => use.start >= start && use.end <= end);
  for (const { name } of inExpression) need(name, app.statement, [`application ${app.name}`]);
  needGlobalChanges();
  for (const { name, statement, call } of passedOn)
    if (!changes.has(statement) && !changesCluster(statement) && !usesCluster(statement))
      notes.add(`cell ${statement.cell}: ${call}(…) is left out, although it may change ${name}`);
  return { app, values, types, changes, free, notes: [...notes] };
}
