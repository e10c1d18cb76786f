/** Plans of the operations that DuckDB runs. */

import { type Block, emptyBlock, makeBlock, sliceBlock, untilColumns } from './block.js';
import { checkSome } from './check-count.js';
import { checkColumns, columnsOf } from './describe.js';
import { quoted, rethrow, withConnection } from './duckdb.js';
import { InvalidCall } from './errors.js';
import { isStable, NO_SOURCE, type Plan, Run } from './plan.js';
import { mixed } from './random.js';
import type { SeedOptions } from './types.js';

/** Name of the column of row numbers in inner queries: one that no column of a user has. */
export const ROW = '"nbserve row"';
export const NUMBERED = (source: string): string => `(SELECT *, row_number() OVER () - 1 AS ${ROW} FROM ${source})`;
/** Columns in SQL. */
export const list = (columns: readonly string[]): string => columns.map(quoted).join(', ');

type Query = string | Promise<string>;
type SqlPlan = Extract<Plan, { kind: 'sql' }>;
type StreamPlan = Extract<Plan, { kind: 'stream' }>;

export const sqlPlan = (name: string, inputs: readonly Plan[], query: (...inputs: readonly string[]) => Query): SqlPlan => ({
  kind: 'sql',
  name,
  inputs,
  query: (all) => query(...all),
});

/** @param columns tells the columns of all blocks, if they are known before the blocks are made */
export const streamPlan = (
  name: string,
  inputs: readonly Plan[],
  blocks: (run: Run) => AsyncIterable<Block>,
  columns: () => Promise<readonly string[] | null> = async () => null,
): StreamPlan => ({ kind: 'stream', name, inputs, blocks, columns });

/** The columns of a plan, or null if they are known only when it has run: if a function makes them. */
export async function knownColumns(plan: Plan): Promise<readonly string[] | null> {
  if (plan.kind === 'stream') return (await plan.columns?.()) ?? null;
  if (!(await isQuery(plan))) return null;
  const run = new Run();
  try {
    return await namesOf(await run.source(plan));
  } finally {
    await run.close();
  }
}

/** Whether no function has to run before DuckDB can tell the columns of a plan. */
async function isQuery(plan: Plan): Promise<boolean> {
  if (plan.kind !== 'sql') return false;
  if (plan.isComputed?.() === true) return true;
  for (const input of plan.inputs) {
    // To keep the rows of a function is to run it. Other rows can be kept for this.
    const isKnown = plan.kept === undefined ? await isQuery(input) : (await knownColumns(input)) !== null;
    if (!isKnown) return false;
  }
  return true;
}

/** An operation on one plan that DuckDB runs. */
export const queryPlan = (name: string, input: Plan, query: (source: string) => Query): SqlPlan =>
  sqlPlan(name, [input], query as (...inputs: readonly string[]) => Query);

/** What gives another value each time: functions of DuckDB, the names of the present (which need no parentheses), and samples. */
const VOLATILE =
  /\b((random|uuid|uuidv4|uuidv7|gen_random_uuid|nextval|now|today|age|transaction_timestamp)\s*\(|(get_)?current_(date|time|timestamp|localtime|localtimestamp)\b|localtime(stamp)?\b|tablesample\b|using\s+sample\b)/i;

/** The rows for which a condition in SQL is true. */
export const filterPlan = (input: Plan, condition: string): Plan => ({
  // Parentheses keep the condition together, and a line end ends its comment.
  ...queryPlan(`filter(${condition})`, input, (source) => `SELECT * FROM ${source} WHERE (${condition}\n)`),
  isVolatile: VOLATILE.test(condition),
});

/** Tables whose rows nobody can ask for any more are dropped. */
const unused = new FinalizationRegistry<() => Promise<void>>((release) => void release().catch(() => {}));

/** The rows of a plan, computed when they are first asked for, and kept in memory and on the disk: each later request gets the same ones. */
export function keptPlan(input: Plan): Plan {
  let query: Promise<string> | null = null;
  let isComputed = false;
  const plan: Plan = {
    ...queryPlan('kept', input, () => ''),
    isComputed: () => isComputed,
    kept: (compute) => {
      query ??= compute().then(
        ({ sql, release }) => {
          unused.register(plan, release);
          isComputed = true;
          return sql;
        },
        (error: unknown) => {
          query = null;
          throw error;
        },
      );
      return query;
    },
  };
  return plan;
}

export const sourcePlan = (name: string, query: () => Query): Plan => sqlPlan(name, [], query);

/** Only these columns, in this order. What comes from JavaScript flows on. */
export function selectPlan(input: Plan, columns: readonly string[]): Plan {
  checkSome('select', columns);
  const what = `select(${columns.join(', ')})`;
  if (input.kind === 'sql')
    return queryPlan(what, input, async (source) => {
      checkColumns(what, columns, await columnsOf(source));
      return `SELECT ${list(columns)} FROM ${source}`;
    });
  const change = (block: Block): Block => {
    if (block.rows === 0 && Object.keys(block.columns).length === 0) return block;
    checkColumns(what, columns, Object.keys(block.columns));
    return makeBlock(
      block.rows,
      columns.map((name) => [name, block.columns[name] ?? []]),
    );
  };
  return eachBlock(what, input, columns, change, () => columns);
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
  const change = (block: Block): Block => {
    if (block.rows === 0 && Object.keys(block.columns).length === 0) return block;
    checkColumns(what, columns, Object.keys(block.columns));
    return makeBlock(
      block.rows,
      Object.entries(block.columns).filter(([name]) => !columns.includes(name)),
    );
  };
  return eachBlock(what, input, columns, change, (known) => known.filter((name) => !columns.includes(name)));
}

function eachBlock(
  name: string,
  input: Plan,
  wanted: readonly string[],
  change: (block: Block) => Block,
  columns: (known: readonly string[]) => readonly string[],
): Plan {
  const blocks = async function* (run: Run): AsyncGenerator<Block> {
    for await (const block of untilColumns(run.blocks(input), wanted)) yield change(block);
  };
  return streamPlan(name, [input], blocks, async () => {
    const known = await knownColumns(input);
    return known === null ? null : columns(known);
  });
}

export function limitPlan(input: Plan, rows: number): Plan {
  const what = `limit(${rows})`;
  if (input.kind === 'sql') return queryPlan(what, input, (source) => `SELECT * FROM ${source} LIMIT ${rows}`);
  const blocks = async function* (run: Run): AsyncGenerator<Block> {
    let left = rows;
    if (left === 0) {
      yield emptyBlock((await knownColumns(input)) ?? []);
      return;
    }
    for await (const block of run.blocks(input.limited?.(rows) ?? input)) {
      yield sliceBlock(block, 0, left);
      left -= block.rows;
      if (left <= 0) return;
    }
  };
  return streamPlan(what, [input], blocks, () => knownColumns(input));
}

export const sortPlan = (input: Plan, columns: readonly string[], descending: boolean): Plan =>
  queryPlan(`sort(${columns.join(', ')})`, input, async (source) => {
    checkColumns('sort', columns, await columnsOf(source));
    const order = columns.map((name) => `${quoted(name)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`);
    return `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} ORDER BY ${[...order, ROW].join(', ')}`;
  });

/** A random number for each value. DuckDB's hash of two values is the XOR of their hashes, so another seed alone would leave neighbours together. */
const drawn = (value: string, seed: number): string => `hash(hash(${value}, ${seed}))`;

/** A plan in whose query chance has a part: without a seed, each run has an order of its own. */
function randomPlan(
  name: string,
  input: Plan,
  seed: number | undefined,
  order: (source: string, seed: number) => Query,
): SqlPlan {
  // If a run uses the rows twice, e.g. to join them with themselves, they have one order.
  const seeds = new WeakMap<Run, number>();
  return {
    kind: 'sql',
    name,
    inputs: [input],
    query: async ([source = NO_SOURCE], run) => {
      const chosen = seeds.get(run) ?? mixed(seed);
      seeds.set(run, chosen);
      return `SELECT * EXCLUDE (${ROW}) FROM ${NUMBERED(source)} ORDER BY ${await order(source, chosen)}, ${ROW}`;
    },
    isVolatile: seed === undefined,
    fixed: () => randomPlan(name, input, mixed(seed), order),
  };
}

/** All rows in an order that depends on the seed alone. */
export const shufflePlan = (input: Plan, seed: number | undefined): Plan =>
  randomPlan('randomShuffle', input, seed, (_, chosen) => drawn(ROW, chosen));

/** The blocks of a data set in another order; within a block, the rows stay in theirs. */
export const shuffleBlocksPlan = (input: Plan, blocks: number | undefined, seed: number | undefined): Plan =>
  randomPlan('randomizeBlockOrder', input, seed, async (source, chosen) => {
    const rows = await countRows(source);
    const count = Math.min(rows, blocks ?? Math.ceil(rows / 16_384));
    // The last row of each block is that at which `cutInto` cuts.
    const block = `(((${ROW} + 1) * ${count} - 1)//${Math.max(1, rows)})`;
    return `${drawn(block, chosen)}, ${block}`;
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
    return `SELECT ${name} FROM (SELECT ${name}, min(${ROW}) AS ${ROW} FROM ${NUMBERED(source)} GROUP BY ${name}) ORDER BY ${ROW}`;
  });

/** How rows are split. */
export interface SplitOptions extends SeedOptions {
  /** A share between 0 and 1, or a number of rows. */
  readonly testSize: number;
  /** @default false */
  readonly shuffle?: boolean;
}

/** The rows to train with, and the last rows to test with. */
export function splitPlans(plan: Plan, { testSize, shuffle = false, seed }: SplitOptions): readonly [train: Plan, test: Plan] {
  if (!(testSize > 0) || (testSize >= 1 && !Number.isSafeInteger(testSize)))
    throw InvalidCall({
      what: 'trainTestSplit',
      expected: 'testSize is a share between 0 and 1 or a number of rows',
      got: String(testSize),
    });
  if (seed !== undefined && !shuffle)
    throw InvalidCall({
      what: 'trainTestSplit',
      expected: 'a seed is given together with shuffle: true',
      got: 'a seed without it',
    });
  // Both halves see the same rows in the same order. An order alone need not be kept.
  const given = plan.kind === 'sql' ? (plan.fixed?.() ?? plan) : plan;
  const stable = isStable(given) ? given : keptPlan(given);
  const input = shuffle ? shufflePlan(stable, mixed(seed)) : stable;
  const cut = (rows: number): number => (testSize < 1 ? Math.floor(rows * (1 - testSize) + 1e-9) : Math.max(0, rows - testSize));
  return [rangePlan(input, 'train', (rows) => [0, cut(rows)]), rangePlan(input, 'test', (rows) => [cut(rows), rows])];
}

export function countRows(source: string): Promise<number> {
  return withConnection(async (connection) => {
    const [row] = await (await connection.run(`SELECT count(*) FROM ${source}`)).getRows();
    return Number(row?.[0]);
  }).catch(rethrow);
}

export const namesOf = async (source: string): Promise<readonly string[]> => (source === NO_SOURCE ? [] : columnsOf(source));
