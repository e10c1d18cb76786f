import { inspect } from 'node:util';
import { arrowTable } from './arrow-files.js';
import { type Block, rebatch, rowsOf } from './block.js';
import { checkCount } from './check-count.js';
import { joinPlan, unionPlan, zipPlan } from './combined.js';
import { type BlockCounts, Computation } from './computation.js';
import { GroupedData } from './grouped.js';
import { operationsOf, type Plan, type Run } from './plan.js';
import {
  dropPlan,
  filterPlan,
  limitPlan,
  type SplitOptions,
  selectPlan,
  shuffleBlocksPlan,
  shufflePlan,
  sortPlan,
  splitPlans,
  uniquePlan,
} from './plans.js';
import { type Stage, stageOf, stagePlan } from './stage.js';
import { shownTable, textTable } from './table.js';
import type {
  ArrowTable,
  Batch,
  BatchClass,
  BatchResult,
  Beside,
  FunctionOptions,
  IterOptions,
  Joined,
  JoinKind,
  JoinOptions,
  MapBatchesOptions,
  Results,
  Row,
  RowOf,
  SchemaColumn,
  SeedOptions,
  SortOptions,
  WriteOptions,
} from './types.js';
import { write } from './write.js';

type Key<T> = keyof T & string;
/** Rows that a data set shows of itself, and rows that give the types of what a function makes. */
const [SHOWN_ROWS, SCHEMA_ROWS] = [10, 100];
/**
 * Rows with columns that flow through operations. It is lazy: an operation returns another data set, and the work begins when rows are asked for (`take`,
 * `count`, `write…`). Rows are then read, mapped and passed on in blocks, so a data set can be larger than the memory. Each request computes the rows
 * again; `materialize` keeps them.
 */
export class Dataset<T extends Row = Row> {
  readonly #plan: Plan;
  readonly #computation: Computation;
  readonly #blocks: BlockCounts;

  constructor(plan: Plan, blocks: BlockCounts = {}) {
    this.#plan = plan;
    this.#blocks = blocks;
    this.#computation = new Computation(plan, blocks.cutTo);
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
  filter(fn: (row: T) => unknown, options?: FunctionOptions): Dataset<T>;
  filter(given: string | ((row: T) => unknown), options: FunctionOptions = {}): Dataset<T> {
    if (typeof given !== 'string') return this.#rows('filter', given, options);
    return this.#next(filterPlan(this.#plan, given));
  }

  /** Calls a function with each row; it returns the new row, or a promise of it. @throws NBS_BATCH_INVALID */
  map<R extends Row>(fn: (row: T) => R | Promise<R>, options: FunctionOptions = {}): Dataset<R> {
    return this.#rows('map', fn, options);
  }

  /** The same with a function that returns any number of rows, as a list or a generator. */
  flatMap<R extends Row>(
    fn: (row: T) => Iterable<R> | AsyncIterable<R> | Promise<Iterable<R>>,
    options: FunctionOptions = {},
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
  mapBatches<B extends BatchResult, A extends readonly [] | readonly unknown[]>(
    fn: BatchClass<T, B, A>,
    options?: MapBatchesOptions<A>,
  ): Dataset<RowOf<B>>;
  mapBatches(fn: unknown, options: MapBatchesOptions = {}): Dataset<never> {
    const { batchSize = 1024 } = options;
    if (batchSize !== null) checkCount('mapBatches', 'batchSize', batchSize, 1);
    const stage = stageOf('batches', 'mapBatches', fn, options);
    return this.#stage(stage, (run) =>
      batchSize === null ? this.#computation.blocksOf(run) : rebatch(run.blocks(this.#plan), batchSize),
    );
  }

  /**
   * Cuts the rows into so many blocks of about the same size. A block is what workers of `map`, `filter` and `flatMap` get at a time, and the batch of
   * `mapBatches` with `batchSize: null`. Each block is in memory as a whole.
   */
  repartition(numBlocks: number): Dataset<T> {
    checkCount('repartition', 'the number of blocks', numBlocks, 1);
    return new Dataset<T>(this.#plan, { numBlocks, cutTo: numBlocks, areCut: true });
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

  /** The rows of this data set, then those of the others. Columns are matched by name; what one lacks is null. A column that only a function makes is there from its first row on. */
  union<U extends Row = T>(...others: readonly Dataset<U>[]): Dataset<T | U> {
    return new Dataset(unionPlan([this.#plan, ...others.map((other) => other.#plan)]));
  }

  /** The columns of both, row by row. A column that this data set has too gets `_1` at its end. @throws NBS_DATA_UNEQUAL */
  zip<U extends Row>(other: Dataset<U>): Dataset<Beside<T, U, '_1'>> {
    return this.#next(zipPlan(this.#plan, other.#plan));
  }

  /** Joins the rows whose columns `on` are equal, as SQL does: null equals nothing, and the result has no certain order. */
  join<U extends Row, K extends Key<T> & Key<U> = Key<T> & Key<U>, How extends JoinKind = 'inner', S extends string = '_right'>(
    other: Dataset<U>,
    options: JoinOptions<K, How, S>,
  ): Dataset<Joined<T, U, K, How, S>> {
    const { on, how = 'inner', suffix = '_right' } = options;
    return this.#next(joinPlan(this.#plan, other.#plan, [on].flat() as string[], how, suffix));
  }

  /** Groups rows by the values of columns. */
  groupby<K extends Key<T>>(...keys: readonly (K | readonly K[])[]): GroupedData<T, K> {
    return new GroupedData(this.#plan, keys.flat() as K[], (plan) => new Dataset(plan));
  }

  /** The blocks in random order; within a block, rows stay in theirs. It is faster than `randomShuffle` and mixes less. */
  randomizeBlockOrder({ seed }: SeedOptions = {}): Dataset<T> {
    return this.#next(shuffleBlocksPlan(this.#plan, this.#blocks.numBlocks, seed));
  }

  /** All rows in random order. */
  randomShuffle({ seed }: SeedOptions = {}): Dataset<T> {
    return this.#next(shufflePlan(this.#plan, seed));
  }

  /**
   * Splits into rows to train with and rows to test with. Without `shuffle`, the last rows are those of the test.
   * @param testSize a share between 0 and 1, or a number of rows
   */
  trainTestSplit(testSize: number | SplitOptions): [train: Dataset<T>, test: Dataset<T>] {
    const [train, test] = splitPlans(this.#plan, typeof testSize === 'number' ? { testSize } : { ...testSize });
    return [this.#next(train), this.#next(test)];
  }

  // Results

  /** The first rows, as objects. */
  async take(rows = 20): Promise<T[]> {
    checkCount('take', 'the number of rows', rows, 0);
    return (await this.#computation.rows(rows)) as T[];
  }

  /** The first rows, as columns. */
  async takeBatch(rows = 20): Promise<Batch<T>> {
    checkCount('takeBatch', 'the number of rows', rows, 0);
    return { ...(await this.#computation.whole(rows)).columns } as Batch<T>;
  }

  /** All rows, as objects. */
  async takeAll(): Promise<T[]> {
    return (await this.#computation.rows()) as T[];
  }

  /** All rows, as columns. */
  async toColumns(): Promise<Batch<T>> {
    return { ...(await this.#computation.whole()).columns } as Batch<T>;
  }

  /**
   * All rows, as a table of the package `apache-arrow`, with the types of `schema()`: timestamps have milliseconds; times, intervals and UUIDs are texts.
   * Name the type to use all of the table: `toArrow<import('apache-arrow').Table>()`. @throws NBS_NO_ARROW if the package is missing
   */
  async toArrow<Table extends ArrowTable = ArrowTable>(): Promise<Table> {
    return (await this.#computation.within(arrowTable)) as Table;
  }

  /** Number of rows. */
  count(): Promise<number> {
    return this.#computation.count();
  }

  /** The columns with their types. If a function makes the rows, it is called for the first of them, which give the types. */
  async schema(): Promise<readonly SchemaColumn[]> {
    return (await this.#computation.head(SCHEMA_ROWS)).schema;
  }

  /** Names of the columns. */
  async columns(): Promise<string[]> {
    return (await this.schema()).map(({ name }) => name);
  }

  /** The different values of a column, in the order of their first appearance; null too. */
  async unique<K extends Key<T>>(column: K): Promise<T[K][]> {
    return (await this.#computation.rowsOf(uniquePlan(this.#plan, column))).map((row) => row[column] as T[K]);
  }

  /** Sum of a column; null without a value, and a bigint if whole numbers make more than 2^53. Nulls are left out, here and below. */
  sum(column: Key<T>): Promise<number | null> {
    return this.#computation.aggregate('sum', column) as Promise<number | null>;
  }

  mean(column: Key<T>): Promise<number | null> {
    return this.#computation.aggregate('mean', column) as Promise<number | null>;
  }

  min<K extends Key<T>>(column: K): Promise<T[K] | null> {
    return this.#computation.aggregate('min', column) as Promise<T[K] | null>;
  }

  max<K extends Key<T>>(column: K): Promise<T[K] | null> {
    return this.#computation.aggregate('max', column) as Promise<T[K] | null>;
  }

  /** Standard deviation of the sample; null if there are fewer than two values, NaN if one of them is not finite. */
  std(column: Key<T>): Promise<number | null> {
    return this.#computation.aggregate('std', column) as Promise<number | null>;
  }

  /** The rows in batches of columns. If you leave the loop early, the work ends. */
  async *iterBatches(options: IterOptions = {}): AsyncGenerator<Batch<T>> {
    const { batchSize = 1024 } = options;
    checkCount('iterBatches', 'batchSize', batchSize, 1);
    for await (const block of this.#computation.batches({ ...options, batchSize })) yield { ...block.columns } as Batch<T>;
  }

  /** The rows, one by one. */
  async *iterRows(): AsyncGenerator<T> {
    for await (const block of this.#computation.blocks()) yield* rowsOf(block) as T[];
  }

  /** The same as `iterRows`. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return this.iterRows();
  }

  /** Computes all rows once, and returns a data set that keeps them: in memory, and on the disk what does not fit. */
  async materialize(): Promise<Dataset<T>> {
    const kept = this.#next<T>(await this.#computation.materialize());
    kept.#computation.lastRun = this.#computation.lastRun;
    return kept;
  }

  /** Writes a file `….parquet`, or a folder with one. The path gets what is written when it is whole. @throws NBS_DATA_EXISTS, NBS_DATA_NO_SPACE, NBS_DATA_NOT_WRITTEN */
  writeParquet(path: string, options?: WriteOptions): Promise<void> {
    return this.#computation.within((run, plan) => write(run, plan, path, 'parquet', options));
  }

  /** Writes a file `….csv`, or a folder with one. */
  writeCsv(path: string, options?: WriteOptions): Promise<void> {
    return this.#computation.within((run, plan) => write(run, plan, path, 'csv', options));
  }

  /** Writes a file `….json` with an object on each line, or a folder with one. */
  writeJson(path: string, options?: WriteOptions): Promise<void> {
    return this.#computation.within((run, plan) => write(run, plan, path, 'json', options));
  }

  /** Writes a file `….arrow` in the format of Arrow IPC, or a folder with one; with the types of `toArrow`. @throws NBS_NO_ARROW too */
  writeArrow(path: string, options?: WriteOptions): Promise<void> {
    return this.#computation.within((run, plan) => write(run, plan, path, 'arrow', options));
  }

  /** Prints the first rows as a table. */
  async show(rows = 20): Promise<void> {
    checkCount('show', 'the number of rows', rows, 0);
    const { schema, block } = await this.#computation.head(rows);
    console.log(textTable(schema, rowsOf(block)));
  }

  /** What the last request of this data set cost: rows, blocks and time of each stage. */
  stats(): string {
    return this.#computation.stats();
  }

  /** The operations, the last one first. */
  toString(): string {
    return `Dataset(${operationsOf(this.#plan).join(' → ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** A notebook shows the schema and the first rows. */
  async [Symbol.for('Jupyter.display')](): Promise<Record<string, string>> {
    const { schema, block } = await this.#computation.head(SHOWN_ROWS + 1);
    return shownTable(schema, rowsOf(block), SHOWN_ROWS);
  }

  // Inside

  #next<R extends Row>(plan: Plan): Dataset<R> {
    return new Dataset<R>(plan, this.#blocks);
  }

  #rows<R extends Row>(mode: 'map' | 'filter' | 'flatMap', fn: unknown, options: FunctionOptions): Dataset<R> {
    return this.#stage(stageOf(mode, mode, fn, options), (run) => this.#computation.blocksOf(run));
  }

  /** What a function makes. Its blocks are those that it got, so they are not cut again. */
  #stage<R extends Row>(stage: Stage, blocks: (run: Run) => AsyncIterable<Block>): Dataset<R> {
    const plan = stagePlan(stage, this.#plan, blocks, this.#blocks.areCut === true);
    return new Dataset<R>(plan, { ...this.#blocks, cutTo: undefined });
  }
}
