import { type Block, concatBlocks, cutInto, emptyBlock, rebatch, rowsOf } from './block.js';
import { checkColumns, columnsOf, describe } from './describe.js';
import { aggregateSql } from './grouped.js';
import { NO_SOURCE, type Plan, Run, type StageStats } from './plan.js';
import { countRows, keptPlan, limitPlan, sourcePlan, streamPlan } from './plans.js';
import { locallyShuffled, mixed, seededRandom } from './random.js';
import type { AggregateKind, IterOptions, SchemaColumn } from './types.js';

/** The blocks of a data set. */
export interface BlockCounts {
  /** The number of those that `randomizeBlockOrder` shuffles. */
  readonly numBlocks?: number | undefined;
  /** The number of those that functions get, since `repartition` asked for it. */
  readonly cutTo?: number | undefined;
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
    const block = await new Computation(limitPlan(this.#plan, rows)).whole();
    const made = streamPlan('rows', [], async function* () {
      yield block;
    });
    const plan = this.#plan.kind === 'sql' ? this.#plan : made;
    const schema = await new Computation(plan).query((source) => describe(`SELECT * FROM ${source}`));
    return { schema: Object.keys(block.columns).length === 0 ? [] : schema, block };
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

  async *blocks(): AsyncGenerator<Block> {
    const run = new Run();
    const start = performance.now();
    try {
      yield* run.blocks(this.#plan);
    } finally {
      await run.close();
      this.lastRun = { stages: run.stages, ms: performance.now() - start };
    }
  }

  /** All rows in one block. */
  async whole(): Promise<Block> {
    const blocks: Block[] = [];
    for await (const block of this.blocks()) blocks.push(block);
    return blocks.length === 0 ? emptyBlock() : concatBlocks(blocks);
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

  async query<R>(work: (source: string) => Promise<R>): Promise<R> {
    const run = new Run();
    try {
      return await work(await run.source(this.#plan));
    } finally {
      await run.close();
    }
  }

  /** Number of rows. */
  async count(): Promise<number> {
    if (this.#plan.kind === 'sql') return this.query((source) => countRows(source));
    let rows = 0;
    for await (const block of this.blocks()) rows += block.rows;
    return rows;
  }

  async aggregate(kind: AggregateKind, column: string): Promise<unknown> {
    return this.query(async (source) => {
      if (source === NO_SOURCE) return null;
      checkColumns(kind, [column], await columnsOf(source));
      const plan = sourcePlan(kind, () => `SELECT ${aggregateSql(kind, column)} FROM ${source}`);
      for await (const block of new Computation(plan).blocks())
        for (const row of rowsOf(block)) {
          const value: unknown = Object.values(row)[0] ?? null;
          // A sum is a number: that of decimals may have more than 15 digits.
          return kind === 'sum' && typeof value === 'string' ? Number(value) : value;
        }
      return null;
    });
  }

  /** Computes all rows once. Returns a plan that reads what was kept, in memory and on the disk. */
  async materialize(): Promise<Plan> {
    const run = new Run();
    try {
      const start = performance.now();
      const plan = keptPlan(this.#plan);
      await run.sql(plan);
      this.lastRun = { stages: run.stages, ms: performance.now() - start };
      return plan;
    } finally {
      await run.close();
    }
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
