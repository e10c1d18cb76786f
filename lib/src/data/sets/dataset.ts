import { inspect } from 'node:util';
import { InvalidCall } from '../errors.js';
import { type Block, concatBlocks, emptyBlock, pickRows, rebatch, rowsOf } from './block.js';
import { checkColumns, columnsOf, describe } from './describe.js';
import { aggregateSql, GroupedData } from './grouped.js';
import { type Plan, queryBlocks, Run, type StageStats } from './plan.js';
import {
  countRows,
  dropPlan,
  JOINS,
  type JoinKind,
  joinPlan,
  limitPlan,
  queryPlan,
  rangePlan,
  selectPlan,
  shuffleBlocksPlan,
  shufflePlan,
  sortPlan,
  sourcePlan,
  streamPlan,
  unionPlan,
  zipPlan,
} from './plans.js';
import { mixed, seededRandom } from './random.js';
import { spool } from './spool.js';
import { runStage, stageOf } from './stage.js';
import { htmlTable, textTable } from './table.js';
import type {
  AggregateKind,
  Batch,
  BatchClass,
  BatchResult,
  IterOptions,
  MapBatchesOptions,
  Results,
  Row,
  RowOf,
  RunOptions,
  SchemaColumn,
  SeedOptions,
  SortOptions,
  WriteOptions,
} from './types.js';
import { type Format, write } from './write.js';

type Key<T> = keyof T & string;
/** Rows that a data set shows of itself. */
const SHOWN_ROWS = 10;
/** Rows that give the types of a column that a function makes. */
const SCHEMA_ROWS = 100;
/** Tables of data sets that nobody uses any more are dropped. */
const materialized = new FinalizationRegistry<() => Promise<void>>((release) => void release().catch(() => {}));

/**
 * Rows with columns that flow through operations. It is lazy: an operation returns another data set, and the work begins when rows are asked for (`take`,
 * `count`, `write…`). Rows are then read, mapped and passed on in blocks, so a data set can be larger than the memory. Each request computes the rows
 * again; `materialize` keeps them.
 */
export class Dataset<T extends Row = Row> {
  readonly #plan: Plan;
  readonly #numBlocks: number | undefined;
  #lastRun: { readonly stages: readonly StageStats[]; readonly ms: number } | undefined;

  constructor(plan: Plan, options: { readonly numBlocks?: number | undefined } = {}) {
    this.#plan = plan;
    this.#numBlocks = options.numBlocks;
  }

  // Operations

  /** Keeps only these columns, in this order. */
  select<K extends Key<T>>(...columns: readonly (K | readonly K[])[]): Dataset<Pick<T, K>> {
    return this.#next(selectPlan(this.#plan, columns.flat() as string[]));
  }

  /** Leaves columns out. */
  dropColumns<K extends Key<T>>(...columns: readonly (K | readonly K[])[]): Dataset<Omit<T, K>> {
    return this.#next(dropPlan(this.#plan, columns.flat() as string[]));
  }

  /**
   * Keeps some rows: those for which a condition in SQL is true, such as `'tip > 2 AND city IS NOT NULL'`, which DuckDB runs before the rows come to
   * JavaScript, or those for which a function returns true.
   */
  filter(condition: string): Dataset<T>;
  filter(fn: (row: T) => unknown, options?: RunOptions): Dataset<T>;
  filter(given: string | ((row: T) => unknown), options: RunOptions = {}): Dataset<T> {
    if (typeof given !== 'string') return this.#rows('filter', given, options);
    // Parentheses keep the condition together, and a line end ends its comment.
    return this.#next(queryPlan(`filter(${given})`, this.#plan, (source) => `SELECT * FROM ${source} WHERE (${given}\n)`));
  }

  /** Calls a function with each row; it returns the new row, or a promise of it. @throws NBS_BATCH_INVALID */
  map<R extends Row>(fn: (row: T) => R | Promise<R>, options: RunOptions = {}): Dataset<R> {
    return this.#rows('map', fn, options);
  }

  /** The same with a function that returns any number of rows, as a list or a generator. */
  flatMap<R extends Row>(
    fn: (row: T) => Iterable<R> | AsyncIterable<R> | Promise<Iterable<R>>,
    options: RunOptions = {},
  ): Dataset<R> {
    return this.#rows('flatMap', fn, options);
  }

  /**
   * Calls a function, or the method `call` of a class, with batches: objects with an array for each column. It returns columns again, or yields several
   * batches. A function runs in this process, and with `concurrency` or `resources` in workers; a class always runs in workers, one instance each.
   * Batches stay in their order. If a worker dies, its batch is given to another.
   * @throws what the function throws; NBS_BATCH_INVALID, NBS_BATCH_LOST, NBS_CANNOT_SHIP, NBS_NEVER_FITS
   */
  mapBatches<B extends BatchResult>(fn: (batch: Batch<T>) => Results<B>, options?: MapBatchesOptions): Dataset<RowOf<B>>;
  mapBatches<B extends BatchResult, A extends readonly unknown[]>(
    fn: BatchClass<T, B, A>,
    options?: MapBatchesOptions<A>,
  ): Dataset<RowOf<B>>;
  mapBatches(fn: unknown, options: MapBatchesOptions = {}): Dataset<never> {
    const { batchSize = 1024 } = options;
    if (batchSize !== null) checkCount('mapBatches', 'batchSize', batchSize, 1);
    const stage = stageOf('batches', 'mapBatches', fn, options);
    const input = this.#plan;
    const plan = streamPlan(stage.what, [input], (run) => {
      const blocks = this.#blocksOf(run);
      return runStage(run, stage, batchSize === null ? blocks : rebatch(blocks, batchSize));
    });
    return this.#next(plan);
  }

  /** Cuts the rows into so many blocks of about the same size. Blocks are what `mapBatches` gets with `batchSize: null`. */
  repartition(numBlocks: number): Dataset<T> {
    checkCount('repartition', 'the number of blocks', numBlocks, 1);
    return new Dataset<T>(this.#plan, { numBlocks });
  }

  /** Sorts by columns. Nulls are last, NaN is greater than every number, and equal rows stay in their order. */
  sort(columns: Key<T> | readonly Key<T>[], { descending = false }: SortOptions = {}): Dataset<T> {
    return this.#next(sortPlan(this.#plan, [columns].flat(), descending));
  }

  /** The first rows. */
  limit(rows: number): Dataset<T> {
    checkCount('limit', 'the number of rows', rows, 0);
    return this.#next(limitPlan(this.#plan, rows));
  }

  /** The rows of this data set, then those of the others. Columns are matched by name; what one lacks is null. */
  union<U extends Row = T>(...others: readonly Dataset<U>[]): Dataset<T | U> {
    return new Dataset(unionPlan([this.#plan, ...others.map((other) => other.#plan)]));
  }

  /** The columns of both, row by row. A column that this data set has too gets `_1` at its end. @throws NBS_DATA_UNEQUAL */
  zip<U extends Row>(other: Dataset<U>): Dataset<T & U> {
    return this.#next(zipPlan(this.#plan, other.#plan));
  }

  /**
   * Joins the rows whose columns `on` are equal, as SQL does: null equals nothing, and the result has no certain order.
   * @param options.how @default 'inner'
   * @param options.suffix what a column of `other` gets at its end if this data set has one of that name. @default '_right'
   */
  join<U extends Row>(
    other: Dataset<U>,
    options: { readonly on: (Key<T> & Key<U>) | readonly (Key<T> & Key<U>)[]; readonly how?: JoinKind; readonly suffix?: string },
  ): Dataset<T & U> {
    const { on, how = 'inner', suffix = '_right' } = options;
    if (!Object.hasOwn(JOINS, how))
      throw InvalidCall({ what: 'join', expected: `how is one of ${Object.keys(JOINS).join(', ')}`, got: String(how) });
    return this.#next(joinPlan(this.#plan, other.#plan, [on].flat() as string[], how, suffix));
  }

  /** Groups rows by the values of columns. */
  groupby<K extends Key<T>>(...keys: readonly (K | readonly K[])[]): GroupedData<T, K> {
    return new GroupedData(this.#plan, keys.flat() as K[], (plan) => new Dataset(plan));
  }

  /** The blocks in random order; within a block, rows stay in theirs. It is faster than `randomShuffle` and mixes less. */
  randomizeBlockOrder({ seed }: SeedOptions = {}): Dataset<T> {
    return this.#next(shuffleBlocksPlan(this.#plan, this.#numBlocks, mixed(seed)));
  }

  /** All rows in random order. */
  randomShuffle({ seed }: SeedOptions = {}): Dataset<T> {
    return this.#next(shufflePlan(this.#plan, mixed(seed)));
  }

  /**
   * Splits into rows to train with and rows to test with. Without `shuffle`, the last rows are those of the test.
   * @param testSize a share between 0 and 1, or a number of rows
   */
  trainTestSplit(
    testSize: number | ({ readonly testSize: number; readonly shuffle?: boolean } & SeedOptions),
  ): [train: Dataset<T>, test: Dataset<T>] {
    const { testSize: size, shuffle = false, seed } = typeof testSize === 'number' ? { testSize } : { ...testSize };
    if (!(size > 0) || (size >= 1 && !Number.isSafeInteger(size)))
      throw InvalidCall({
        what: 'trainTestSplit',
        expected: 'testSize is a share between 0 and 1 or a number of rows',
        got: String(size),
      });
    const input = shuffle ? shufflePlan(this.#plan, mixed(seed)) : this.#plan;
    const cut = (rows: number): number => (size < 1 ? Math.floor(rows * (1 - size) + 1e-9) : Math.max(0, rows - size));
    return [
      this.#next(rangePlan(input, 'train', (rows) => [0, cut(rows)])),
      this.#next(rangePlan(input, 'test', (rows) => [cut(rows), rows])),
    ];
  }

  // Results

  /** The first rows, as objects. */
  async take(rows = 20): Promise<T[]> {
    checkCount('take', 'the number of rows', rows, 0);
    return this.limit(rows).takeAll();
  }

  /** The first rows, as columns. */
  async takeBatch(rows = 20): Promise<Batch<T>> {
    checkCount('takeBatch', 'the number of rows', rows, 0);
    return this.limit(rows).toColumns();
  }

  /** All rows, as objects. */
  async takeAll(): Promise<T[]> {
    const rows: T[] = [];
    for await (const block of this.#blocks()) for (const row of rowsOf(block)) rows.push(row as T);
    return rows;
  }

  /** All rows, as columns. */
  async toColumns(): Promise<Batch<T>> {
    const blocks: Block[] = [];
    for await (const block of this.#blocks()) blocks.push(block);
    return { ...(blocks.length === 0 ? emptyBlock() : concatBlocks(blocks)).columns } as Batch<T>;
  }

  /** Number of rows. */
  async count(): Promise<number> {
    if (this.#plan.kind === 'sql') return this.#query((source) => countRows(source));
    let rows = 0;
    for await (const block of this.#blocks()) rows += block.rows;
    return rows;
  }

  /** The columns with their types. If a function makes the rows, it is called for the first of them, which give the types. */
  async schema(): Promise<readonly SchemaColumn[]> {
    return (await this.#head(SCHEMA_ROWS)).schema;
  }

  /** Names of the columns. */
  async columns(): Promise<string[]> {
    return (await this.schema()).map(({ name }) => name);
  }

  /** The different values of a column, in the order of their first appearance; null too. */
  async unique<K extends Key<T>>(column: K): Promise<T[K][]> {
    const plan = queryPlan(`unique(${column})`, this.#plan, async (source) => {
      checkColumns('unique', [column], await columnsOf(source));
      const name = `"${column.replaceAll('"', '""')}"`;
      return `SELECT ${name} FROM (SELECT ${name}, min(r) AS r FROM (SELECT ${name}, row_number() OVER () AS r FROM ${source}) GROUP BY ${name}) ORDER BY r`;
    });
    return (await new Dataset(plan).takeAll()).map((row) => row[column] as T[K]);
  }

  /** Sum of a column; null without a value. Nulls are left out, here and below. */
  sum(column: Key<T>): Promise<number | null> {
    return this.#aggregate('sum', column) as Promise<number | null>;
  }

  mean(column: Key<T>): Promise<number | null> {
    return this.#aggregate('mean', column) as Promise<number | null>;
  }

  min<K extends Key<T>>(column: K): Promise<T[K] | null> {
    return this.#aggregate('min', column) as Promise<T[K] | null>;
  }

  max<K extends Key<T>>(column: K): Promise<T[K] | null> {
    return this.#aggregate('max', column) as Promise<T[K] | null>;
  }

  /** Standard deviation of the sample; null if there are fewer than two values. */
  std(column: Key<T>): Promise<number | null> {
    return this.#aggregate('std', column) as Promise<number | null>;
  }

  /** The rows in batches of columns. If you leave the loop early, the work ends. */
  async *iterBatches(options: IterOptions = {}): AsyncGenerator<Batch<T>> {
    const { batchSize = 1024, dropLast = false, localShuffleBufferSize, localShuffleSeed } = options;
    checkCount('iterBatches', 'batchSize', batchSize, 1);
    const blocks = this.#blocks();
    const mixedBlocks =
      localShuffleBufferSize === undefined
        ? blocks
        : locallyShuffled(blocks, localShuffleBufferSize, seededRandom(mixed(localShuffleSeed)));
    for await (const block of rebatch(mixedBlocks, batchSize)) {
      if (block.rows === 0 || (dropLast && block.rows < batchSize)) continue;
      yield { ...block.columns } as Batch<T>;
    }
  }

  /** The rows, one by one. */
  async *iterRows(): AsyncGenerator<T> {
    for await (const block of this.#blocks()) yield* rowsOf(block) as T[];
  }

  /** The same as `iterRows`. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return this.iterRows();
  }

  /** Computes all rows once, and returns a data set that keeps them: in memory, and on the disk what does not fit. */
  async materialize(): Promise<Dataset<T>> {
    const run = new Run();
    try {
      const start = performance.now();
      const { sql, release } = await spool(this.#blocksOf(run));
      const kept = new Dataset<T>(
        sourcePlan('materialize', () => `SELECT * FROM ${sql}`),
        { numBlocks: this.#numBlocks },
      );
      this.#lastRun = { stages: run.stages, ms: performance.now() - start };
      kept.#lastRun = this.#lastRun;
      materialized.register(kept.#plan, release);
      return kept;
    } finally {
      await run.close();
    }
  }

  /** Writes a file `….parquet`, or a folder with one. The path gets what is written when it is whole. @throws NBS_DATA_EXISTS, NBS_DATA_NO_SPACE, NBS_DATA_NOT_WRITTEN */
  writeParquet(path: string, options?: WriteOptions): Promise<void> {
    return this.#write(path, 'parquet', options);
  }

  /** Writes a file `….csv`, or a folder with one. */
  writeCsv(path: string, options?: WriteOptions): Promise<void> {
    return this.#write(path, 'csv', options);
  }

  /** Writes a file `….json` with an object on each line, or a folder with one. */
  writeJson(path: string, options?: WriteOptions): Promise<void> {
    return this.#write(path, 'json', options);
  }

  /** Prints the first rows as a table. */
  async show(rows = 20): Promise<void> {
    checkCount('show', 'the number of rows', rows, 0);
    const { schema, block } = await this.#head(rows);
    console.log(textTable(schema, rowsOf(block)));
  }

  /** What the last request of this data set cost: rows, blocks and time of each stage. */
  stats(): string {
    const last = this.#lastRun;
    if (last === undefined) return 'nothing of this data set has run yet';
    const lines = last.stages.map(
      ({ name, rows, blocks, ms }) => `${name}: ${rows} rows in ${blocks} blocks, ${Math.round(ms)} ms`,
    );
    return [...lines, `in all ${Math.round(last.ms)} ms`].join('\n');
  }

  /** The operations, the last one first. */
  toString(): string {
    const names: string[] = [];
    for (let plan: Plan | undefined = this.#plan; plan !== undefined; plan = plan.inputs[0]) names.unshift(plan.name);
    return `Dataset(${names.join(' → ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** A notebook shows the schema and the first rows. */
  async [Symbol.for('Jupyter.display')](): Promise<Record<string, string>> {
    const { schema, block } = await this.#head(SHOWN_ROWS + 1);
    const first = rowsOf(block);
    const isAll = first.length <= SHOWN_ROWS;
    const rows = first.slice(0, SHOWN_ROWS);
    const note = isAll ? '' : `the first ${SHOWN_ROWS} rows`;
    return { 'text/html': htmlTable(schema, rows, note), 'text/plain': textTable(schema, rows, note) };
  }

  // Inside

  #next<R extends Row>(plan: Plan): Dataset<R> {
    return new Dataset<R>(plan, { numBlocks: this.#numBlocks });
  }

  #rows<R extends Row>(mode: 'map' | 'filter' | 'flatMap', fn: unknown, options: RunOptions): Dataset<R> {
    const stage = stageOf(mode, mode, fn, options);
    return this.#next(streamPlan(stage.what, [this.#plan], (run) => runStage(run, stage, run.blocks(this.#plan))));
  }

  /** The first rows, and the types of all columns. */
  async #head(rows: number): Promise<{ readonly schema: readonly SchemaColumn[]; readonly block: Block }> {
    const blocks: Block[] = [];
    for await (const one of this.limit(rows).#blocks()) blocks.push(one);
    const block = blocks.length === 0 ? emptyBlock() : concatBlocks(blocks);
    const made = streamPlan('rows', [], async function* () {
      yield block;
    });
    const plan = this.#plan.kind === 'sql' ? this.#plan : made;
    const schema = await new Dataset(plan).#query((source) => describe(`SELECT * FROM ${source}`));
    return { schema: Object.keys(block.columns).length === 0 ? [] : schema, block };
  }

  /** The blocks of one run, in the number that `repartition` asked for. */
  async *#blocksOf(run: Run): AsyncGenerator<Block> {
    if (this.#numBlocks === undefined || this.#plan.kind === 'stream') {
      yield* run.blocks(this.#plan);
      return;
    }
    const sql = await run.sql(this.#plan);
    const rows = await countRows(`(${sql})`);
    yield* rebatch(queryBlocks(sql, run.queries), Math.max(1, Math.ceil(rows / this.#numBlocks)));
  }

  async *#blocks(): AsyncGenerator<Block> {
    const run = new Run();
    const start = performance.now();
    try {
      yield* run.blocks(this.#plan);
    } finally {
      await run.close();
      this.#lastRun = { stages: run.stages, ms: performance.now() - start };
    }
  }

  async #query<R>(work: (source: string) => Promise<R>): Promise<R> {
    const run = new Run();
    try {
      return await work(await run.source(this.#plan));
    } finally {
      await run.close();
    }
  }

  async #aggregate(kind: AggregateKind, column: string): Promise<unknown> {
    return this.#query(async (source) => {
      checkColumns(kind, [column], await columnsOf(source));
      const plan = sourcePlan(kind, () => `SELECT ${aggregateSql(kind, column)} FROM ${source}`);
      const [row] = await new Dataset(plan).takeAll();
      return Object.values(row ?? {})[0] ?? null;
    });
  }

  async #write(path: string, format: Format, options: WriteOptions | undefined): Promise<void> {
    if (typeof path !== 'string' || path === '')
      throw InvalidCall({ what: 'write', expected: 'the path of a file or folder', got: String(path) });
    await write(this.#plan, path, format, options);
  }
}

function checkCount(what: string, name: string, value: unknown, min: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < min)
    throw InvalidCall({ what, expected: `${name} is a whole number of at least ${min}`, got: String(value) });
}

/** Rows in the order in which they are picked at random from a window. */
async function* locallyShuffled(blocks: AsyncIterable<Block>, size: number, random: () => number): AsyncGenerator<Block> {
  for await (const block of rebatch(blocks, Math.max(1, size))) {
    const order = Array.from({ length: block.rows }, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    yield pickRows(block, order);
  }
}
