import { interruption, type PoolNeeds } from '../actors/index.js';
import { asAsync, BLOCK_ROWS, type Block, concatBlocks, emptyBlock, makeBlock } from './block.js';
import { type Connection, connect, endWithCell, rethrow } from './duckdb.js';
import { valuesOf } from './from-duckdb.js';
import { isProgressShown, RunProgress } from './run-progress.js';
import { NOTHING, type Spooled, spool, spoolQuery } from './spool.js';

/** How the rows of a data set come about. Nothing of it has run yet. */
export type Plan =
  | {
      readonly kind: 'sql';
      /** Words for `stats`. */
      readonly name: string;
      readonly inputs: readonly Plan[];
      /** The query; gets an expression to select from for each input. One run may ask for it several times. */
      readonly query: (inputs: readonly string[], run: Run) => string | Promise<string>;
      /** Whether the rows or their order can be others each time. @default false */
      readonly isVolatile?: boolean;
      /** The same with one order for all runs, if chance decides on nothing but the order. */
      readonly fixed?: () => Plan;
      /** Gives the query for the rows of the only input, which it computes once. It stands in the place of `query`. */
      readonly kept?: (compute: () => Promise<Spooled>) => Promise<string>;
      /** Whether the rows are kept already. @default false */
      readonly isComputed?: () => boolean;
    }
  | {
      readonly kind: 'stream';
      readonly name: string;
      readonly inputs: readonly Plan[];
      /** The blocks, made when they are asked for. */
      readonly blocks: (run: Run) => AsyncIterable<Block>;
      /** The columns of all blocks, or null if only a function knows them. @default null */
      readonly columns?: () => Promise<readonly string[] | null>;
      /** A plan of the first rows that computes no others. */
      readonly limited?: (rows: number) => Plan;
    };

/** One stage of a run. */
export interface StageStats {
  readonly name: string;
  rows: number;
  blocks: number;
  /** Time from the first request for a block to the end, in milliseconds. */
  ms: number;
}

/** A query of a run. It is a connection of DuckDB, whose types are not needed by those who import nbserve. */
export interface RunningQuery {
  /** `percentage`: of the rows to read, 0 to 100; -1 if DuckDB does not know */
  readonly progress: { readonly percentage: number };
}

/** One execution of a plan: what it holds until it ends, and what it counts. */
export class Run {
  readonly stages: StageStats[] = [];
  /** The workers of its stages that run now. Those of one stage stay until the stages before it have ended. */
  readonly pools: PoolNeeds[] = [];
  /** The connections of the queries that run now. */
  readonly queries = new Set<RunningQuery>();
  readonly #releases: (() => Promise<void>)[] = [];
  readonly #progress = new RunProgress(this);

  /** How much of the source is read, 0 to 1; null if DuckDB does not know. */
  share(): number | null {
    // The last query reads the source; those before it wait for its rows.
    const percentage = [...this.queries].at(-1)?.progress.percentage ?? -1;
    return percentage < 0 ? null : percentage / 100;
  }

  /** A query for the whole plan. What only JavaScript can compute is written into tables before. */
  async sql(plan: Plan): Promise<string> {
    if (plan.kind === 'sql') {
      if (plan.kept !== undefined) return plan.kept(() => this.keep(plan.inputs[0] as Plan));
      const inputs: string[] = [];
      for (const input of plan.inputs) inputs.push(await this.source(input));
      if (inputs.length === 1 && inputs[0] === NO_SOURCE) return NOTHING;
      return await plan.query(inputs, this);
    }
    const { sql, release } = await this.keep(plan);
    this.#releases.push(release);
    return sql;
  }

  /** Writes all rows of a plan into tables, which stay until they are released. */
  async keep(plan: Plan): Promise<Spooled> {
    if (plan.kind === 'stream') return spool(this.blocks(plan));
    const sql = await this.sql(plan);
    if (sql === NOTHING) return { sql, release: async () => {} };
    return spoolQuery(sql, (statement) => this.execute(plan.name, statement));
  }

  /** An expression to select from. */
  async source(plan: Plan): Promise<string> {
    return `(${await this.sql(plan)})`;
  }

  #begin(name: string): StageStats {
    const stage = { name, rows: 0, blocks: 0, ms: 0 };
    this.stages.push(stage);
    return stage;
  }

  /** The blocks of a plan, at the pace at which they are asked for. */
  blocks(plan: Plan): AsyncGenerator<Block> {
    return this.#counted(plan.name, async () =>
      plan.kind === 'stream' ? plan.blocks(this) : this.blocksOfQuery(await this.sql(plan)),
    );
  }

  /** The result of a query, streamed, as one stage. */
  countedQuery(name: string, sql: string): AsyncGenerator<Block> {
    return this.#counted(name, async () => this.blocksOfQuery(sql));
  }

  async *#counted(name: string, begin: () => Promise<AsyncIterable<Block>>): AsyncGenerator<Block> {
    const stage = this.#begin(name);
    const start = performance.now();
    const interrupt = interruption();
    try {
      for await (const block of await begin()) {
        interrupt?.throwIfAborted();
        stage.rows += block.rows;
        stage.blocks += 1;
        yield block;
      }
    } finally {
      stage.ms = performance.now() - start;
    }
  }

  /** The result of a query, streamed. */
  blocksOfQuery(sql: string): AsyncIterable<Block> {
    return sql === NOTHING ? asAsync([emptyBlock()]) : queryBlocks(sql, this.queries);
  }

  /** Runs a statement that writes rows, as one stage. @throws coded errors */
  async execute(name: string, sql: string): Promise<void> {
    const stage = this.#begin(name);
    const start = performance.now();
    const { connection, close } = await openQuery(this.queries);
    try {
      // DuckDB answers with the number of rows.
      const [written] = await (await connection.run(sql)).getRows();
      stage.rows = Number(written?.[0] ?? 0);
      stage.blocks = 1;
    } catch (error) {
      rethrow(error);
    } finally {
      close();
      stage.ms = performance.now() - start;
    }
  }

  async close(): Promise<void> {
    this.#progress.end();
    // An error of the run says more than one that follows from it here.
    for (const release of this.#releases.splice(0)) await release().catch(() => {});
  }
}

/** What {@link Run.source} gives for {@link NOTHING}. */
export const NO_SOURCE = `(${NOTHING})`;

/** Whether a plan gives the same rows in the same order each time. Of functions, nobody knows. */
export const isStable = (plan: Plan): boolean =>
  plan.kind === 'sql' && (plan.kept !== undefined || (plan.isVolatile !== true && plan.inputs.every(isStable)));

/** A block is also complete when its parts are so large. */
const BLOCK_BYTES = 16 * 1024 * 1024;

/** DuckDB counts what it has read only if it is asked to, and prints it if it is not asked not to. */
const COUNT_PROGRESS = 'SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0';

async function openQuery(queries: Set<RunningQuery>): Promise<{ readonly connection: Connection; close(): void }> {
  const connection = await connect();
  const forget = endWithCell(connection);
  queries.add(connection);
  const close = (): void => {
    forget();
    queries.delete(connection);
    connection.closeSync();
  };
  try {
    // The database may have been opened first, which takes a while.
    interruption()?.throwIfAborted();
    if (isProgressShown()) await connection.run(COUNT_PROGRESS);
  } catch (error) {
    close();
    interruption()?.throwIfAborted();
    rethrow(error);
  }
  return { connection, close };
}

/** The result of a query, streamed. */
export async function* queryBlocks(sql: string, queries: Set<RunningQuery>): AsyncGenerator<Block> {
  const { connection, close } = await openQuery(queries);
  try {
    const result = await connection.stream(sql);
    const columns = result.deduplicatedColumnNames().map((name, i) => ({ name, type: result.columnType(i) }));
    let parts: Block[] = [];
    let rows = 0;
    let bytes = 0;
    let any = false;
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const filled = chunk;
      const block = makeBlock(
        filled.rowCount,
        columns.map(({ name, type }, i) => [name, valuesOf(filled.getColumnVector(i), filled.rowCount, type)]),
      );
      parts.push(block);
      rows += block.rows;
      bytes += sizeOf(block);
      if (rows < BLOCK_ROWS && bytes < BLOCK_BYTES) continue;
      any = true;
      yield concatBlocks(parts);
      parts = [];
      rows = 0;
      bytes = 0;
    }
    if (rows > 0) yield concatBlocks(parts);
    else if (!any)
      yield makeBlock(
        0,
        columns.map(({ name }) => [name, []]),
      );
  } catch (error) {
    rethrow(error);
  } finally {
    close();
  }
}

/** About how many bytes a block holds, by its first row. */
function sizeOf({ rows, columns }: Block): number {
  const cell = (value: unknown): number => {
    if (ArrayBuffer.isView(value)) return value.byteLength;
    return typeof value === 'string' || Array.isArray(value) ? value.length * 2 : 8;
  };
  return rows * Object.values(columns).reduce((sum, values) => sum + cell(values[0]), 0);
}

/** Names of the operations from the source to this plan. */
export function operationsOf(plan: Plan): string[] {
  const names: string[] = [];
  for (let one: Plan | undefined = plan; one !== undefined; one = one.inputs[0]) names.unshift(one.name);
  return names;
}
