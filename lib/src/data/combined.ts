/** Plans that make one data set of several. */

import { type Block, shownType, withColumns } from './block.js';
import { checkSome } from './check-count.js';
import { checkColumns, columnsOf } from './describe.js';
import { quoted } from './duckdb.js';
import { InvalidCall, UnequalRows } from './errors.js';
import { NO_SOURCE, type Plan, type Run } from './plan.js';
import { countRows, knownColumns, list, NUMBERED, namesOf, ROW, sqlPlan, streamPlan } from './plans.js';
import { NOTHING } from './spool.js';
import type { JoinKind } from './types.js';
import { unionQuery } from './union-query.js';

/** The inputs of unions. */
const unions = new WeakMap<Plan, readonly Plan[]>();

/** The rows of all, one after the other; columns are matched by name. */
export function unionPlan(given: readonly Plan[]): Plan {
  // A union of unions is one of all their inputs: each level would ask all levels below for their columns again.
  const inputs = given.flatMap((input) => unions.get(input) ?? input);
  if (inputs.every(({ kind }) => kind === 'sql')) {
    const plan = sqlPlan('union', inputs, (...all) => {
      const known = all.filter((source) => source !== NO_SOURCE);
      return known.length === 0 ? NOTHING : unionQuery(known);
    });
    unions.set(plan, inputs);
    return plan;
  }
  // One after the other, because each may open files or keep rows.
  const known = async (): Promise<(readonly string[] | null)[]> => {
    const all: (readonly string[] | null)[] = [];
    for (const input of inputs) all.push(await knownColumns(input));
    return all;
  };
  const blocks = async function* (run: Run): AsyncGenerator<Block> {
    const names = new Set((await known()).flatMap((columns) => columns ?? []));
    for (const input of inputs)
      for await (const block of run.blocks(input)) {
        // What a function makes is known only now.
        for (const name of Object.keys(block.columns)) names.add(name);
        yield withColumns(block, names);
      }
  };
  const plan = streamPlan('union', inputs, blocks, async () => {
    const all = await known();
    return all.includes(null) ? null : [...new Set(all.flatMap((columns) => columns ?? []))];
  });
  unions.set(plan, inputs);
  return plan;
}

/** Names for the right side that the left side does not have, in any case: DuckDB does not tell them apart. */
function renamed(left: readonly string[], right: readonly string[], suffix: string): string {
  const taken = new Set(left.map((name) => name.toLowerCase()));
  return right
    .map((name) => {
      let free = name;
      while (taken.has(free.toLowerCase())) free += suffix;
      taken.add(free.toLowerCase());
      return `r.${quoted(name)} AS ${quoted(free)}`;
    })
    .join(', ');
}

export const zipPlan = (left: Plan, right: Plan): Plan =>
  sqlPlan('zip', [left, right], async (a = '', b = '') => {
    if (a === NO_SOURCE && b === NO_SOURCE) return NOTHING;
    const [leftRows, rightRows] = [await countRows(a), await countRows(b)];
    if (leftRows !== rightRows) throw UnequalRows({ left: leftRows, right: rightRows });
    const [names, others] = [await namesOf(a), await namesOf(b)];
    const own = names.map((name) => `l.${quoted(name)}`).join(', ');
    return `SELECT ${[own, renamed(names, others, '_1')].filter((part) => part !== '').join(', ')} FROM ${NUMBERED(a)} l JOIN ${NUMBERED(b)} r ON l.${ROW} = r.${ROW} ORDER BY l.${ROW}`;
  });

const JOINS = { inner: 'INNER', left: 'LEFT', right: 'RIGHT', full: 'FULL', semi: 'SEMI', anti: 'ANTI' } satisfies Record<
  JoinKind,
  string
>;

export function joinPlan(left: Plan, right: Plan, on: readonly string[], kind: JoinKind, suffix: string): Plan {
  if (!Object.hasOwn(JOINS, kind))
    throw InvalidCall({ what: 'join', expected: `how is one of ${Object.keys(JOINS).join(', ')}`, got: String(kind) });
  checkSome('join', on);
  if (typeof suffix !== 'string' || suffix === '')
    throw InvalidCall({
      what: 'join',
      expected: 'suffix is a text of one character or more',
      got: suffix === '' ? 'an empty one' : shownType(suffix),
    });
  const query = async (a = '', b = ''): Promise<string> => {
    // If nothing is known of a side, it needs only the columns that are compared.
    const like = (source: string): string => `(SELECT ${list(on)} FROM ${source} WHERE false)`;
    if (a === NO_SOURCE) return b === NO_SOURCE ? NOTHING : query(like(b), b);
    if (b === NO_SOURCE) return query(a, like(a));
    const [names, others] = [await columnsOf(a), await columnsOf(b)];
    checkColumns('join, on the left', on, names);
    checkColumns('join, on the right', on, others);
    const join = `${a} l ${JOINS[kind]} JOIN ${b} r USING (${list(on)})`;
    if (kind === 'semi' || kind === 'anti') return `SELECT l.* FROM ${join}`;
    const rest = (all: readonly string[]): string[] => all.filter((name) => !on.includes(name));
    const own = rest(names).map((name) => `l.${quoted(name)}`);
    const added = renamed(names, rest(others), suffix);
    return `SELECT ${[list(on), ...own, added].filter((part) => part !== '').join(', ')} FROM ${join}`;
  };
  return { ...sqlPlan(`join(${on.join(', ')})`, [left, right], query), isVolatile: true };
}
