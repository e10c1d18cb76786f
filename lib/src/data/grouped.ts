import { asAsync, type Block, rebatch, shownType, sliceBlock } from './block.js';
import { checkSome } from './check-count.js';
import type { Dataset } from './dataset.js';
import { checkColumns, columnsOf } from './describe.js';
import { quoted } from './duckdb.js';
import { InvalidCall } from './errors.js';
import { NO_SOURCE, type Plan, queryBlocks } from './plan.js';
import { queryPlan, ROW, streamPlan } from './plans.js';
import { runStage, stageOf } from './stage.js';
import type { AggregateKind, Batch, BatchClass, BatchResult, Loose, MapBatchesOptions, Results, Row, RowOf } from './types.js';

/** DuckDB's functions. The standard deviation is that of a sample. */
const FUNCTIONS: Readonly<Record<AggregateKind, (column: string) => string>> = {
  count: () => 'count(*)',
  sum: (column) => `sum(${column})`,
  mean: (column) => `avg(${column})`,
  min: (column) => `min(${column})`,
  max: (column) => `max(${column})`,
  // DuckDB refuses numbers that are not finite, of which the deviation is NaN.
  std: (column) => {
    const finite = `isfinite(${column}::DOUBLE)`;
    return `CASE WHEN count(${column}) > 1 AND bool_or(NOT ${finite}) THEN 'NaN'::DOUBLE ELSE stddev_samp(${column}) FILTER (WHERE ${finite}) END`;
  },
};

/** The name of an aggregate's column, as in Ray Data: `mean(tip)`, `count()`. */
export const aggregateSql = (kind: AggregateKind, column: string): string =>
  `${FUNCTIONS[kind](quoted(column))} AS ${quoted(`${kind}(${column})`)}`;

type Key<T> = keyof T & string;
type MapGroupsOptions<A extends readonly unknown[] = readonly unknown[]> = Omit<MapBatchesOptions<A>, 'batchSize'>;
type Aggregated<T, K extends Key<T>, Kind extends AggregateKind, C extends string> = Dataset<
  Pick<T, K> & {
    [P in `${Kind}(${C})`]: Kind extends 'count'
      ? number
      : Kind extends 'min' | 'max'
        ? (C extends keyof T ? T[C] : Loose) | null
        : number | null;
  }
>;

/** Column of the number of the group in the inner query. */
const GROUP = '"nbserve group"';

/** The rows of a data set by the values of columns. Rows with null as a key are a group too, and so are those with NaN. */
export class GroupedData<T extends Row, K extends Key<T>> {
  readonly #plan: Plan;
  readonly #keys: readonly K[];
  readonly #make: (plan: Plan) => Dataset<Loose>;

  /** @throws NBS_DATA_ARGUMENT if there are no keys */
  constructor(plan: Plan, keys: readonly K[], make: (plan: Plan) => Dataset<Loose>) {
    checkSome('groupby', keys);
    this.#plan = plan;
    this.#keys = keys;
    this.#make = make;
  }

  /** Number of rows of each group, as column `count()`. Groups are in the order of their keys. */
  count(): Aggregated<T, K, 'count', ''> {
    return this.#aggregate([['count', '']]) as never;
  }

  /** Sum of each group; null for a group without values, a bigint beyond 2^53, and a text if decimals have more than 15 digits. Nulls are left out, here and below. */
  sum<C extends Key<T>>(column: C): Aggregated<T, K, 'sum', C> {
    return this.#aggregate([['sum', column]]) as never;
  }

  mean<C extends Key<T>>(column: C): Aggregated<T, K, 'mean', C> {
    return this.#aggregate([['mean', column]]) as never;
  }

  min<C extends Key<T>>(column: C): Aggregated<T, K, 'min', C> {
    return this.#aggregate([['min', column]]) as never;
  }

  max<C extends Key<T>>(column: C): Aggregated<T, K, 'max', C> {
    return this.#aggregate([['max', column]]) as never;
  }

  /** Standard deviation of the sample; null for a group with fewer than two values, NaN if one of them is not finite. */
  std<C extends Key<T>>(column: C): Aggregated<T, K, 'std', C> {
    return this.#aggregate([['std', column]]) as never;
  }

  /** Several aggregates at once: `aggregate(['mean', 'tip'], ['count', ''])`. */
  aggregate(...aggregates: readonly (readonly [kind: AggregateKind, column: Key<T> | ''])[]): Dataset<Row> {
    return this.#aggregate(aggregates);
  }

  /**
   * Calls a function with all rows of each group as one batch; the groups come in the order of their keys. With `concurrency`, workers run it.
   * @throws what the function throws; NBS_BATCH_INVALID
   */
  mapGroups<B extends BatchResult>(fn: (group: Batch<T>) => Results<B>, options?: MapGroupsOptions): Dataset<RowOf<B>>;
  mapGroups<B extends BatchResult, A extends readonly [] | readonly unknown[]>(
    fn: BatchClass<T, B, A>,
    options?: MapGroupsOptions<A>,
  ): Dataset<RowOf<B>>;
  mapGroups(fn: unknown, options: MapGroupsOptions = {}): Dataset<Loose> {
    const stage = stageOf('batches', 'mapGroups', fn, options);
    const [input, keys] = [this.#plan, this.#keys];
    return this.#make(
      streamPlan(stage.what, [input], async function* (run) {
        const source = await run.source(input);
        if (source === NO_SOURCE) return;
        checkColumns('groupby', keys, await columnsOf(source));
        const order = keys.map(quoted).join(', ');
        // The rows of a group stay in their order.
        const sql = `SELECT *, dense_rank() OVER (ORDER BY ${order}) AS ${GROUP} FROM (SELECT *, row_number() OVER () AS ${ROW} FROM ${source}) ORDER BY ${GROUP}, ${ROW}`;
        yield* runStage(run, stage, groupsOf(queryBlocks(sql, run.queries)));
      }),
    );
  }

  #aggregate(aggregates: readonly (readonly [AggregateKind, string])[]): Dataset<Row> {
    checkSome('aggregate', aggregates);
    const what = aggregates.map(([kind, column]) => `${kind}(${column})`).join(', ');
    for (const [kind] of aggregates) {
      if (!Object.hasOwn(FUNCTIONS, kind))
        throw InvalidCall({ what: 'aggregate', expected: `one of ${Object.keys(FUNCTIONS).join(', ')}`, got: shownType(kind) });
    }
    const keys = this.#keys;
    return this.#make(
      queryPlan(`groupby(${keys.join(', ')}).${what}`, this.#plan, async (source) => {
        const columns = aggregates.flatMap(([kind, column]) => (kind === 'count' ? [] : [column]));
        checkColumns('groupby', [...keys, ...columns], await columnsOf(source));
        const names = keys.map(quoted).join(', ');
        const values = aggregates.map(([kind, column]) => aggregateSql(kind, column)).join(', ');
        return `SELECT ${names}, ${values} FROM ${source} GROUP BY ${names} ORDER BY ${keys.map((key) => `${quoted(key)} NULLS LAST`).join(', ')}`;
      }),
    );
  }
}

/** One block for each group. */
async function* groupsOf(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  let held: Block[] = [];
  const whole = async (): Promise<Block[]> => {
    const joined: Block[] = [];
    for await (const block of rebatch(asAsync(held), Number.POSITIVE_INFINITY)) joined.push(withoutMarks(block));
    held = [];
    return joined;
  };
  let current: unknown;
  for await (const block of blocks) {
    const groups = block.columns[GROUP.slice(1, -1)];
    if (groups === undefined) continue;
    let start = 0;
    for (let i = 0; i < block.rows; i++) {
      if (groups[i] === current) continue;
      if (i > start) held.push(sliceBlock(block, start, i));
      if (held.length > 0) yield* await whole();
      current = groups[i];
      start = i;
    }
    if (block.rows > start) held.push(sliceBlock(block, start, block.rows));
  }
  if (held.length > 0) yield* await whole();
}

function withoutMarks({ rows, columns }: Block): Block {
  const { 'nbserve group': _, 'nbserve row': __, ...kept } = columns;
  return { rows, columns: kept };
}
