/** Types of data sets. They use no third-party types, because notebook cells see them. */

/** A value of a column whose type only the user knows. */
// biome-ignore lint/suspicious/noExplicitAny: nothing is known of it
export type Loose = any;

/** One row: its values by column. */
export type Row = Record<string, Loose>;

/** A column of numbers: typed if the column is of numbers of at most 32 bits or of floats and has no null, otherwise an array. */
export type NumberColumn =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | number[];

type IsAny<V> = 0 extends 1 & V ? true : false;
/** The values of one column in a batch. */
export type Column<V> = IsAny<V> extends true ? Loose : [V] extends [number] ? NumberColumn : V[];

/** Some rows, as columns of the same length. */
export type Batch<T = Row> = { [K in keyof T]: Column<T[K]> };

/** What a function of batches may return: columns of the same length. */
export type BatchResult = Record<string, ArrayLike<unknown>>;
type ValueOf<C> = IsAny<C> extends true ? Loose : C extends ArrayLike<infer V> ? V : never;
/** The rows of what a function of batches returns. */
export type RowOf<B> = { [K in keyof B]: ValueOf<B[K]> };

type Awaitable<R> = R | Promise<R>;
/** One value, or several by a generator. */
export type Results<R> = Awaitable<R> | AsyncIterable<R> | Iterable<R>;

/** Resources of one worker process: they are counted, and a worker starts only on a node that has so much free. */
export interface WorkerResources {
  /** Number of cores, which may be a fraction. */
  readonly cpu?: number;
  /** Number of GPUs: whole, or a part of one. */
  readonly gpu?: number;
  /** Memory in bytes. */
  readonly memory?: number;
}

/** Says which process runs a function of rows or batches. */
export interface FunctionOptions {
  /**
   * Number of worker processes that run the function. Set it for code that uses a whole core, or that keeps something large such as a model.
   * @default this process runs a function; one worker runs a class
   */
  readonly concurrency?: number;
  /** Resources of each worker. @default {} */
  readonly resources?: WorkerResources;
}

export interface MapBatchesOptions<A extends readonly unknown[] = readonly unknown[]> extends FunctionOptions {
  /** Number of rows of a batch; the last one may be smaller. `null` takes the blocks as they come. @default 1024 */
  readonly batchSize?: number | null;
  /** Arguments of the constructor of a class, sent as structured clones. @default [] */
  readonly fnConstructorArgs?: A;
}

/**
 * A class whose method `call` maps batches. Each worker has one instance.
 * Callers infer `A` as `readonly [] | readonly unknown[]`, which makes TypeScript infer a tuple: a type for each argument, and not one for all.
 */
export type BatchClass<T, B, A extends readonly unknown[]> = new (
  ...args: A extends readonly Loose[] ? [...A] : never
) => { call(batch: Batch<T>): Results<B> };

export interface SortOptions {
  /** @default false */
  readonly descending?: boolean;
}

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

/** How two data sets are joined. */
export interface JoinOptions<K extends string, How extends JoinKind, S extends string> {
  /** The columns that must be equal. */
  readonly on: K | readonly K[];
  /** Which rows there are, in the words of SQL. `'semi'` and `'anti'` keep those rows of the left side that have, or have not, a partner. @default 'inner' */
  readonly how?: How;
  /** What a column of the right side gets at its end if the left side has one of that name. @default '_right' */
  readonly suffix?: S;
}

type WithNulls<T, Yes> = Yes extends true ? { [P in keyof T]: T[P] | null } : T;
type Is<A, B> = A extends B ? true : false;
type Flat<T> = { [P in keyof T]: T[P] };
type AsRow<T> = T extends Row ? T : never;
type Renamed<U, Taken, S extends string> = { [P in keyof U as P extends Taken ? `${P & string}${S}` : P]: U[P] };
/** The columns of two data sets side by side; those of the right one get a suffix if the left one has the name. */
export type Beside<T, U, S extends string> = AsRow<string extends keyof T | keyof U ? Row : Flat<T & Renamed<U, keyof T, S>>>;
/** The rows of a join. What a row has no partner for is null. */
export type Joined<T, U, K, How extends JoinKind, S extends string> = AsRow<
  How extends 'semi' | 'anti'
    ? T
    : string extends keyof T | keyof U
      ? Row
      : Flat<
          Pick<T, K & keyof T> &
            WithNulls<Omit<T, K & keyof T>, Is<How, 'right' | 'full'>> &
            WithNulls<Renamed<Omit<U, K & keyof U>, keyof T, S>, Is<How, 'left' | 'full'>>
        >
>;

export interface SeedOptions {
  /** The same seed gives the same order. @default another order each time the rows are computed; a split keeps the one that it begins with */
  readonly seed?: number;
}

export interface IterOptions {
  /** Number of rows of a batch; the last one may be smaller. @default 1024 */
  readonly batchSize?: number;
  /** Leaves the last batch out if it is smaller. @default false */
  readonly dropLast?: boolean;
  /** If given, rows are picked at random from a buffer of this many rows in memory. */
  readonly localShuffleBufferSize?: number;
  /** Seed of that choice. @default another order in each loop */
  readonly localShuffleSeed?: number;
}

export interface WriteOptions {
  /** Replaces what is there. @default false: a path that exists is refused */
  readonly overwrite?: boolean;
}

/** One column of a schema. */
export interface SchemaColumn {
  readonly name: string;
  /** The type in DuckDB's words, e.g. `BIGINT`, `VARCHAR`, `FLOAT[]`. */
  readonly type: string;
}

export type AggregateKind = 'count' | 'sum' | 'mean' | 'min' | 'max' | 'std';

/** The parts of a table of `apache-arrow` that are used. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };
  readonly batches: readonly ArrowBatch[];
  readonly numRows: number;
  readonly numCols: number;
  /** One row; null after the last one. */
  get(index: number): unknown;
  /** The column of this name; null if there is none. */
  getChild(name: string): Iterable<unknown> | null;
  /** The rows. */
  toArray(): unknown[];
}

/** Some rows of an Arrow table. */
export interface ArrowBatch {
  readonly numRows: number;
  getChildAt(index: number): Iterable<unknown> | null;
}

export interface ReadOptions {
  /** Reads only these columns. */
  readonly columns?: readonly string[];
  /** Adds the path of the file of each row as the column `path`. @default false */
  readonly includePaths?: boolean;
  /**
   * Matches the columns of several files by name: what a file lacks is null, and a column has the type that holds the values of all. With `false`, the first
   * file decides: other columns are left out, and other types are cast to its own, which can round numbers. That is faster for very many Parquet files that are
   * known to have the same columns. `readJson` always matches by name. @default true
   */
  readonly unionByName?: boolean;
}

export interface ReadCsvOptions extends ReadOptions {
  /** The character between columns. @default found by DuckDB */
  readonly delimiter?: string;
  /** Whether the first line has the names. @default found by DuckDB */
  readonly header?: boolean;
  /** Types by column in DuckDB's words, e.g. `{ zip: 'VARCHAR' }`. @default found by DuckDB in all rows */
  readonly types?: Readonly<Record<string, string>>;
  /** Texts that mean null. @default the empty text */
  readonly nullValues?: readonly string[];
  /** The number of lines before the header or, if there is none, before the first row. @default empty lines only */
  readonly skip?: number;
  /** Fills rows that are too short with null. @default false: such a row is an error */
  readonly nullPadding?: boolean;
  /** The format of dates in the words of DuckDB's `strptime`, e.g. `'%d/%m/%Y'`. @default dates that begin with the year; others are texts */
  readonly dateFormat?: string;
  /** The same for a date with a time, e.g. `'%m/%d/%Y %H:%M'`. @default as `dateFormat` */
  readonly timestampFormat?: string;
}

export interface ReadArrowOptions {
  /** Reads only these columns. */
  readonly columns?: readonly string[];
  /** Adds the path of the file of each row as the column `path`. @default false */
  readonly includePaths?: boolean;
}
