import type { Reference } from '../code/index.js';
import { changedInside, codeOf, isUnset, isWritten, returnsNothing } from './called-code.js';
import { CannotBuild } from './errors.js';
import { changesCluster, changesClusterLater, type NotebookApp } from './find-runs.js';
import { isMissing } from './notebook-names.js';
import { declaresTypesToo, otherParts, type Statement } from './statement.js';

/** What one application needs of the notebook. */
export interface Slice {
  readonly app: NotebookApp;
  /** The statement that declares each value that it needs. */
  readonly values: ReadonlyMap<string, Statement>;
  /** The statement that declares each type that it needs. */
  readonly types: ReadonlyMap<string, Statement>;
  /** Statements that change needed variables, or what the whole program sees, each with the names that it changes. */
  readonly changes: ReadonlyMap<Statement, ReadonlySet<string>>;
  /** The other parts of declarations that it needs, such as the namespace of a class. */
  readonly parts: ReadonlyMap<Statement, readonly Statement[]>;
  /** Names that the notebook does not declare, such as `serve`, and the first cell that uses each. */
  readonly free: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** True if the statement, or a function that it runs at once, changes the name. */
const isWrite = (use: Reference): boolean => use.depth === 0 && isWritten(use);

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
  const changes = new Map<Statement, ReadonlySet<string>>();
  const parts = new Map<Statement, readonly Statement[]>();
  const free = new Map<string, number>();
  const notes = new Set<string>();
  /** Calls of functions that may change a needed name, and are left out. */
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
    includeParts(found, [...path, name]);
    for (const one of before) {
      if (one.order <= found.order || one.order >= at || changes.has(one) || values.get(name) === one) continue;
      const writes = one.uses.some((use) => use.name === name && isWrite(use));
      const all = one.calls.filter((call) => call.name === name);
      const calls = all.filter((call) => !call.isArgument);
      const [passed] = all.filter((call) => call.isArgument);
      if (!writes && calls.length === 0) {
        const called = changerOf(one, name, found);
        if (called !== undefined) includeCall(one, called, name, [...path, name], isUnset(name, found));
        else if (passed !== undefined) passedOn.push({ name, statement: one, call: passed.method });
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
      change(one, [...path, name]);
    }
  };

  const change = (statement: Statement, path: readonly string[]): void => {
    const calls = statement.calls.filter(({ name, isKnown }) => isKnown || declaring(name) !== undefined);
    const names = [...statement.uses.filter(isWrite), ...calls].map(({ name }) => name);
    changes.set(statement, new Set([...names, ...changedBy(statement)]));
    include(statement, path);
  };

  /** The names that the functions that a statement calls change. */
  const changedBy = ({ called }: Statement): readonly string[] =>
    [...codeOf(called.keys(), declaring)].flatMap((code) => [...changedInside(code)]);

  const includeParts = (statement: Statement, path: readonly string[]): void => {
    const others = otherParts(statement, before).filter(({ order }) => order < at);
    if (parts.has(statement) || others.length === 0) return;
    parts.set(statement, others);
    for (const one of others) include(one, path);
  };

  /** Whether code means this declaration by the name: that of a cell which declares the name itself means its own. */
  const isMeantBy = (code: Statement, name: string, found: Statement): boolean =>
    code.cell === found.cell || !before.some((one) => one.cell === code.cell && one.values.has(name));

  /** The name of a function that a statement calls, and that changes the name, itself or through others that it calls. */
  const changerOf = (statement: Statement, name: string, found?: Statement): string | undefined =>
    [...statement.called.keys()].find((called) =>
      [...codeOf([called], declaring)].some(
        (code) => changedInside(code).has(name) && (found === undefined || isMeantBy(code, name, found)),
      ),
    );

  /**
   * Includes a statement because it calls a function that changes the name. It may as well only try the function: then it uses the result, or the function
   * returns one.
   * @param isEmpty true for a variable that has no value without the call
   */
  const includeCall = (statement: Statement, call: string, name: string, path: readonly string[], isEmpty = false): void => {
    const declared = declaring(call);
    const isDropped = statement.called.get(call)?.isDropped === true;
    if (!isDropped || !(isEmpty || (declared !== undefined && returnsNothing(call, declared)))) {
      passedOn.push({ name, statement, call });
      return;
    }
    const isKept = mayCall(statement);
    const what = isKept ? 'in the module, because' : 'left out, although';
    notes.add(`cell ${statement.cell}: ${call}(…) is ${what} it may change ${name}`);
    if (isKept) change(statement, path);
  };

  /** Whether the functions that a statement calls can run in a module. */
  const mayCall = (statement: Statement): boolean =>
    !changesCluster(statement) &&
    !usesCluster(statement) &&
    missingOf(statement) === null &&
    ![...codeOf(statement.called.keys(), declaring)].some(
      (code) => changesClusterLater(code) || code.uses.some(({ name, kind }) => kind !== 'typeof' && missingAt(name) !== null),
    );

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
      const missing = missingAt(name, seen);
      if (missing !== null) return missing;
    }
    return null;
  };

  /** The same for a name: itself, or one that its declaration uses. */
  const missingAt = (name: string, seen = new Set<Statement>()): string | null => {
    const used = declaring(name);
    if (used === undefined) return isMissing(name) ? name : null;
    if (seen.has(used)) return null;
    seen.add(used);
    return missingOf(used, seen);
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
      includeParts(found, path);
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
    for (const use of statement.uses) need(use.name, statement, path);
    noteOlder(statement);
    needTypeOf(statement, path);
    needTypes(statement.words, path);
    needValuesOf(statement, path);
  };

  /** Notes the names of which a statement, or a function that it called, has used a declaration that the module does not have. */
  const noteOlder = (statement: Statement): void => {
    const { order, cell } = statement;
    const ran = (name: string): Statement | undefined =>
      statements.findLast(
        (one) => one.values.has(name) && (one.order <= order || (one.cell === cell && one.node.type === 'FunctionDeclaration')),
      );
    const check = (name: string, then: Statement | undefined): void => {
      const now = values.get(name);
      if (then !== undefined && now !== undefined && then !== now)
        notes.add(`cell ${cell} ran with the ${name} of cell ${then.cell}; the module has the one of cell ${now.cell}`);
    };
    for (const { name, depth } of statement.uses)
      if (depth === 0)
        check(
          name,
          statements.findLast((one) => one.values.has(name) && one.order <= order),
        );
    for (const code of codeOf(statement.called.keys(), ran))
      for (const { name } of code.uses)
        check(name, statements.findLast((one) => one.cell === code.cell && one.values.has(name)) ?? ran(name));
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
      if (!imports && written === undefined && called === undefined) {
        const global = changedBy(one).find((name) => name !== 'console' && isGlobal(name));
        const by = global === undefined ? undefined : changerOf(one, global);
        if (global !== undefined && by !== undefined) includeCall(one, by, global, [`cell ${one.cell}`]);
        continue;
      }
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
      change(one, [`cell ${one.cell}`]);
    }
  };

  const { start, end } = app.expression;
  const inExpression = app.statement.uses.filter((use) => use.start >= start && use.end <= end);
  for (const { name } of inExpression) need(name, app.statement, [`application ${app.name}`]);
  needGlobalChanges();
  const declared = new Set(values.values());
  for (const { name, statement, call } of passedOn)
    if (!changes.has(statement) && !declared.has(statement) && !changesCluster(statement) && !usesCluster(statement))
      notes.add(`cell ${statement.cell}: ${call}(…) is left out, although it may change ${name}`);
  return { app, values, types, changes, parts, free, notes: [...notes] };
}
