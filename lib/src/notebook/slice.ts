import { CannotBuild } from './errors.js';
import { changesCluster, type NotebookApp } from './find-runs.js';
import type { Statement } from './statement.js';

/** What one application needs of the notebook. */
export interface Slice {
  readonly app: NotebookApp;
  /** The statement that declares each value that it needs. */
  readonly values: ReadonlyMap<string, Statement>;
  /** The statement that declares each type that it needs. */
  readonly types: ReadonlyMap<string, Statement>;
  /** Statements that change needed variables. */
  readonly changes: ReadonlySet<Statement>;
  /** Names that the notebook does not declare, such as `serve`. */
  readonly free: ReadonlySet<string>;
  readonly notes: readonly string[];
}

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
  const free = new Set<string>();
  const notes = new Set<string>();

  const need = (name: string, user: Statement, path: readonly string[]): void => {
    if (values.has(name)) return;
    const found = declaring(name);
    if (found === undefined) {
      free.add(name);
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
      const writes = one.uses.some(
        (use) => use.name === name && (use.kind === 'write' || use.kind === 'mutate') && use.depth === 0,
      );
      const calls = one.calls.filter((call) => call.name === name);
      if (!writes && calls.length === 0) continue;
      const isSure = writes || calls.some((call) => call.isKnown);
      if (changesCluster(one)) {
        if (isSure) notes.add(`cell ${one.cell} changes ${name} in a statement that changes the cluster, and is left out`);
        continue;
      }
      const call = `cell ${one.cell}: ${name}.${calls[0]?.method}(…)`;
      // Functions of a module seldom change it, and may do anything else.
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

  /** The values of `typeof Chat` in types. A handle is not needed, because types do not run. */
  const needTypeOf = (statement: Statement, path: readonly string[]): void => {
    for (const name of typeQueries(statement)) {
      const found = declaring(name);
      if (found !== undefined && !changesCluster(found)) need(name, statement, path);
    }
  };

  const needTypes = (words: ReadonlySet<string>, path: readonly string[]): void => {
    for (const word of words) {
      if (types.has(word)) continue;
      const found = before.findLast((one) => one.types.has(word));
      if (found === undefined) continue;
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
      if (found === undefined || types.has(name) || before.some((one) => one.types.has(name) && one.order > found.order))
        continue;
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

  const { start, end } = app.expression;
  const inExpression = app.statement.uses.filter((use) => use.start >= start && use.end <= end);
  for (const { name } of inExpression) need(name, app.statement, [`application ${app.name}`]);
  return { app, values, types, changes, free, notes: [...notes] };
}

/** The names in `typeof Name` of types. */
function typeQueries({ source, node }: Statement): readonly string[] {
  return [...source.slice(node.start, node.end).matchAll(/[<:|&,([]\s*typeof\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu)].map(
    ([, name]) => name as string,
  );
}
