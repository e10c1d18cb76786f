/** Plans of the operations that DuckDB runs. */

import { type Block, makeBlock, sliceBlock } from './block.js';
import { checkColumns, columnsOf } from './describe.js';
import { quoted, rethrow, withConnection } from './duckdb.js';
import { InvalidCall, UnequalRows } from './errors.js';
import type { Plan, Run } from './plan.js';

/** Name of the column of row numbers in inner queries. */
const ROW = '"nbserve row"';
const NUMBERED = (source: string): string => `(SELECT *, row_number() OVER () - 1 AS ${ROW} FROM ${source})`;
const list = (columns: readonly string[]): string => columns.map(quoted).join(', ');

const sqlPlan = (
  name: string,
  inputs: readonly Plan[],
  query: (...inputs: readonly string[]) => string | Promise<string>,
): Plan => ({ kind: 'sql', name, inputs, query: (all) => query(...all) });

export const streamPlan = (name: string, inputs: readonly Plan[], blocks: (run: Run) => AsyncIterable<Block>): Plan => ({
  kind: 'stream',
  name,
  inputs,
  blocks,
});

/** An operation on one plan that DuckDB runs. */
export const queryPlan = (name: string, input: Plan, query: (source: string) => string | Promise<string>): Plan =>
  sqlPlan(name, [input], query as (...inputs: readonly string[]) => string);

export const sourcePlan = (name: string, query: () => string | Promise<string>): Plan => sqlPlan(name, [], query);

/** Only these columns, in this order. What comes from JavaScript flows on. */
export function selectPlan(input: Plan, columns: readonly string[]): Plan {
  const what = `select(${columns.join(', ')})`;
  if (input.kind === 'sql')
    return queryPlan(what, input, async (source) => {
      checkColumns(what, columns, await columnsOf(source));
      return `SELECT ${list(columns)} FROM ${source}`;
    });
  return eachBlock(what, input, (block) => {
    if (block.rows === 0 && Object.keys(block.columns).length === 0) return block;
    checkColumns(what, columns, Object.keys(block.columns));
    return makeBlock(
      block.rows,
      columns.map((name) => [name, block.columns[name] ?? []]),
    );
  });
}

export function dropPlan(input: Plan, columns: readonly string[]): Plan {
  const what = `dropColumns(${columns.join(', ')})`;
  if (input.kind === 'sql')
    return queryPlan(what, input, async (source) => {
      const known = await columnsOf(source);
      checkColumns(what, columns, known);
      const kept = known.filter((name) => !columns.includes(name));
      return kept.length === 0 ? `SELECT NULL::INTEGER AS "empty" FROM ${source}` : `SELECT ${list(kept)} FROM ${source}`;
    });
  return eachBlock(what, input, (block) => {
    if (block.rows === 0 && Object.keys(block.columns).length === 0) return block;
    checkColumns(what, columns, Object.keys(block.columns));
    return makeBlock(
      block.rows,
      Object.entries(block.columns).filter(([name]) => !columns.includes(name)),
    );
  });
}

function eachBlock(name: string, input: Plan, change: (block: Block) => Block): Plan {
  return streamPlan(name, [input], async function* (run) {
    for await (const block of run.blocks(input)) yield change(block);
  });
}

export function limitPlan(input: Plan, rows: number): Plan {
  const what = `limit(${rows})`;
  if (input.kind === 'sql') return queryPlan(what, input, (source) => `SELECT * FROM ${source} LIMIT ${rows}`);
  return streamPlan(what, [input], async function* (run) {
    let left = rows;
    if (left === 0) return;
    for await (const block of run.blocks(input)) {
      yield sliceBlock(block, 0, left);
      left -= block.rows;
      if (left <= 0) return;
    }
  });
}

/** The rows of all, one after the other; columns are matched by name. */
export function unionPlan(inputs: readonly Plan[]): Plan {
  if (inputs.every(({ kind }) => kind === 'sql'))
    return sqlPlan('union', inputs, (...all) => all.map((source) => `SELECT * FROM ${source}`).join(' UNION ALL BY NAME '));
  return streamPlan('union', inputs, async function* (run) {
    for (const input of inputs) yield* run.blocks(input);
  });
}

export const sortPlan = (input: Plan, columns: readonly string[], descending: boolean): Plan =>
  queryPlan(`sort(${columns.join(', ')})`, input, async (source) => {
    checkColumns('sort', columns, await columnsOf(source));
    const order = columns.map((name) => `${quoted(name)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`);
    return `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} ORDER BY ${[...order, ROW].join(', ')}`;
  });

/** All rows in an order that depends on the seed alone. */
export const shufflePlan = (input: Plan, seed: number): Plan =>
  queryPlan(
    'randomShuffle',
    input,
    (source) => `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} ORDER BY hash(${ROW}, ${seed}), ${ROW}`,
  );

/** The blocks of a data set in another order; within a block, the rows stay in theirs. */
export const shuffleBlocksPlan = (input: Plan, blocks: number | undefined, seed: number): Plan =>
  queryPlan('randomizeBlockOrder', input, async (source) => {
    const rows = await countRows(source);
    const size = Math.max(1, blocks === undefined ? 16_384 : Math.ceil(rows / blocks));
    const block = `floor(${ROW} / ${size})`;
    return `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} ORDER BY hash(${block}, ${seed}), ${block}, ${ROW}`;
  });

/** Rows from the share `from` to the share `to` of all, or from a number of rows to another; negative numbers count from the end. */
const rangePlan = (input: Plan, name: string, bounds: (rows: number) => readonly [from: number, to: number]): Plan =>
  queryPlan(name, input, async (source) => {
    const [from, to] = bounds(await countRows(source));
    return `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} WHERE ${ROW} >= ${from} AND ${ROW} < ${to}`;
  });

/** The different values of a column, in the order of their first appearance. */
export const uniquePlan = (input: Plan, column: string): Plan =>
  queryPlan(`unique(${column})`, input, async (source) => {
    checkColumns('unique', [column], await columnsOf(source));
    const name = quoted(column);
    return `SELECT ${name} FROM (SELECT ${name}, min(r) AS r FROM (SELECT ${name}, row_number() OVER () AS r FROM ${source}) GROUP BY ${name}) ORDER BY r`;
  });

/**
 * The rows to train with, and the last rows to test with.
 * @param testSize a share between 0 and 1, or a number of rows
 */
export function splitPlans(input: Plan, testSize: number): [train: Plan, test: Plan] {
  if (!(testSize > 0) || (testSize >= 1 && !Number.isSafeInteger(testSize)))
    throw InvalidCall({
      what: 'trainTestSplit',
      expected: 'testSize is a share between 0 and 1 or a number of rows',
      got: String(testSize),
    });
  const cut = (rows: number): number => (testSize < 1 ? Math.floor(rows * (1 - testSize) + 1e-9) : Math.max(0, rows - testSize));
  return [rangePlan(input, 'train', (rows) => [0, cut(rows)]), rangePlan(input, 'test', (rows) => [cut(rows), rows])];
}

export function countRows(source: string): Promise<number> {
  return withConnection(async (connection) => {
    const [row] = await (await connection.run(`SELECT count(*) FROM ${source}`)).getRows();
    return Number(row?.[0]);
  }).catch(rethrow);
}

/** Names for the right side that the left side does not have. */
function renamed(left: readonly string[], right: readonly string[], suffix: string): string {
  const taken = new Set(left);
  return right
    .map((name) => {
      let free = name;
      while (taken.has(free)) free += suffix;
      taken.add(free);
      return `r.${quoted(name)} AS ${quoted(free)}`;
    })
    .join(', ');
}

export const zipPlan = (left: Plan, right: Plan): Plan =>
  sqlPlan('zip', [left, right], async (a = '', b = '') => {
    const [leftRows, rightRows] = [await countRows(a), await countRows(b)];
    if (leftRows !== rightRows) throw UnequalRows({ left: leftRows, right: rightRows });
    const [names, others] = [await columnsOf(a), await columnsOf(b)];
    const own = names.map((name) => `l.${quoted(name)}`).join(', ');
    return `SELECT ${own}, ${renamed(names, others, '_1')} FROM ${NUMBERED(a)} l JOIN ${NUMBERED(b)} r ON l.${ROW} = r.${ROW} ORDER BY l.${ROW}`;
  });

const JOINS = { inner: 'INNER', left: 'LEFT', right: 'RIGHT', full: 'FULL', semi: 'SEMI', anti: 'ANTI' } as const;
export type JoinKind = keyof typeof JOINS;

export function joinPlan(left: Plan, right: Plan, on: readonly string[], kind: JoinKind, suffix: string): Plan {
  if (!Object.hasOwn(JOINS, kind))
    throw InvalidCall({ what: 'join', expected: `how is one of ${Object.keys(JOINS).join(', ')}`, got: String(kind) });
  return sqlPlan(`join(${on.join(', ')})`, [left, right], async (a = '', b = '') => {
    const [names, others] = [await columnsOf(a), await columnsOf(b)];
    checkColumns('join, on the left', on, names);
    checkColumns('join, on the right', on, others);
    const join = `${a} l ${JOINS[kind]} JOIN ${b} r USING (${list(on)})`;
    if (kind === 'semi' || kind === 'anti') return `SELECT l.* FROM ${join}`;
    const rest = (all: readonly string[]): string[] => all.filter((name) => !on.includes(name));
    const own = rest(names).map((name) => `l.${quoted(name)}`);
    const added = renamed(names, rest(others), suffix);
    return `SELECT ${[list(on), ...own, added].filter((part) => part !== '').join(', ')} FROM ${join}`;
  });
}
