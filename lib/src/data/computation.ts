import { asAsync, type Block, concatBlocks, cutInto, emptyBlock, rebatch, rowsOf, withKeys } from './block.js';
import { checkColumns, columnsOf, describeQuery } from './describe.js';
import { aggregateSql } from './grouped.js';
import { NO_SOURCE, type Plan, Run, type StageStats } from './plan.js';
import { countRows, keptPlan, limitPlan, streamPlan } from './plans.js';
import { locallyShuffled, mixed, seededRandom } from './random.js';
import { NOTHING } from './spool.js';
import type { AggregateKind, IterOptions, Row, SchemaColumn } from './types.js';

/** The blocks of a data set. */
export interface BlockCounts {
  /** The number of those that `randomizeBlockOrder` shuffles. */
  readonly numBlocks?: number | undefined;
  /** The number of those that functions get, since `repartition` asked for it. */
  readonly cutTo?: number | undefined;
  /** Whether `repartition` has asked for the blocks, here or before a function. */
  readonly areCut?: boolean;
}

/** Computes the rows of one plan, again for each request, and keeps what the last request cost. */
export class Computation {
  readonly #plan: Plan;
  /** Number of blocks that functions get the rows in. @default as they come */
  readonly cutTo: number | undefined;
  lastRun: { readonly stages: readonly StageStats[]; readonly ms: number } | null = null;

  constructor(plan: Plan, cutTo?: number) {
    this.#plan = plan;
    this.cutTo = cutTo;
  }

  /** The first rows, and the types of all columns. */
  async head(rows: number): Promise<{ readonly schema: readonly SchemaColumn[]; readonly block: Block }> {
    return this.within(async (run, plan) => {
      // A function whose rows the query needs runs once, for the rows and for the types.
      const sql = plan.kind === 'sql' ? await run.sql(plan) : null;
      const first = sql === null || sql === NOTHING ? sql : `SELECT * FROM (${sql}) LIMIT ${rows}`;
      const block = await joined(first === null ? run.blocks(limitPlan(plan, rows)) : run.countedQuery(`limit(${rows})`, first));
      if (Object.keys(block.columns).length === 0) return { schema: [], block };
      return { schema: await (sql === null ? typesOf(block) : describeQuery(`SELECT * FROM (${sql})`)), block };
    });
  }

  /** The blocks of one run, in the number that `repartition` asked for. */
  async *blocksOf(run: Run): AsyncGenerator<Block> {
    if (this.cutTo === undefined) {
      yield* run.blocks(this.#plan);
      return;
    }
    const sql = await run.sql(this.#plan);
    yield* cutInto(this.cutTo, await countRows(`(${sql})`), run.blocksOfQuery(sql));
  }

  async *blocks(plan: Plan = this.#plan): AsyncGenerator<Block> {
    const run = new Run();
    const start = performance.now();
    try {
      yield* run.blocks(plan);
    } finally {
      await this.#ended(run, start);
    }
  }

  /** Does work within one run. */
  async within<R>(work: (run: Run, plan: Plan) => Promise<R>): Promise<R> {
    const run = new Run();
    const start = performance.now();
    try {
      return await work(run, this.#plan);
    } finally {
      await this.#ended(run, start);
    }
  }

  async #ended(run: Run, start: number): Promise<void> {
    this.lastRun = { stages: run.stages, ms: performance.now() - start };
    await run.close();
  }

  /** All rows, or the first ones, in one block. */
  whole(limit?: number): Promise<Block> {
    return joined(this.blocks(this.#first(limit)));
  }

  /** All rows, or the first ones, as objects with the same columns. */
  rows(limit?: number): Promise<Row[]> {
    return this.rowsOf(this.#first(limit));
  }

  #first(limit: number | undefined): Plan {
    return limit === undefined ? this.#plan : limitPlan(this.#plan, limit);
  }

  /** The rows of a plan that is made of this one. */
  async rowsOf(plan: Plan): Promise<Row[]> {
    const rows: Row[] = [];
    const names = new Set<string>();
    let isUneven = false;
    for await (const block of this.blocks(plan)) {
      const [own, before] = [Object.keys(block.columns), names.size];
      for (const name of own) names.add(name);
      isUneven ||= (rows.length > 0 && names.size > before) || (block.rows > 0 && own.length < names.size);
      for (const row of rowsOf(block)) rows.push(row);
    }
    return isUneven ? withKeys(rows, names) : rows;
  }

  /** The blocks of one run, each of `batchSize` rows. */
  async *batches(options: IterOptions & { readonly batchSize: number }): AsyncGenerator<Block> {
    const { batchSize, dropLast = false, localShuffleBufferSize, localShuffleSeed } = options;
    const blocks = this.blocks();
    const mixedBlocks =
      localShuffleBufferSize === undefined
        ? blocks
        : locallyShuffled(blocks, localShuffleBufferSize, seededRandom(mixed(localShuffleSeed)));
    for await (const block of rebatch(mixedBlocks, batchSize))
      if (block.rows > 0 && (!dropLast || block.rows === batchSize)) yield block;
  }

  /** Number of rows. */
  async count(): Promise<number> {
    if (this.#plan.kind === 'sql') return (await this.#value('count', '')) as number;
    let rows = 0;
    for await (const block of this.blocks()) rows += block.rows;
    return rows;
  }

  async aggregate(kind: AggregateKind, column: string): Promise<unknown> {
    const value = await this.#value(kind, column);
    // A sum is a number: that of decimals may have more than 15 digits.
    return kind === 'sum' && typeof value === 'string' ? Number(value) : value;
  }

  #value(kind: AggregateKind, column: string): Promise<unknown> {
    return this.within(async (run, plan) => {
      const source = await run.source(plan);
      if (source === NO_SOURCE) return kind === 'count' ? 0 : null;
      if (kind !== 'count') checkColumns(kind, [column], await columnsOf(source));
      for await (const block of run.countedQuery(kind, `SELECT ${aggregateSql(kind, column)} FROM ${source}`))
        for (const row of rowsOf(block)) return Object.values(row)[0] ?? null;
      return null;
    });
  }

  /** Computes all rows once. Returns a plan that reads what was kept, in memory and on the disk. */
  async materialize(): Promise<Plan> {
    return this.within(async (run, given) => {
      const plan = keptPlan(given);
      await run.sql(plan);
      return plan;
    });
  }

  /** What the last request cost. */
  stats(): string {
    const last = this.lastRun;
    if (last === null) return 'nothing of this data set has run yet';
    const lines = last.stages.map(
      ({ name, rows, blocks, ms }) => `${name}: ${rows} rows in ${blocks} blocks, ${Math.round(ms)} ms`,
    );
    return [...lines, `in all ${Math.round(last.ms)} ms`].join('\n');
  }
}

async function joined(blocks: AsyncIterable<Block>): Promise<Block> {
  const all: Block[] = [];
  for await (const block of blocks) all.push(block);
  return all.length === 0 ? emptyBlock() : concatBlocks(all);
}

/** The types that the columns of a block get in DuckDB. */
function typesOf(block: Block): Promise<readonly SchemaColumn[]> {
  const plan = streamPlan('rows', [], () => asAsync([block]));
  return new Computation(plan).within(async (run) => describeQuery(`SELECT * FROM ${await run.source(plan)}`));
}
