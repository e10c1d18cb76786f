import { arrowFilesPlan } from './arrow-files.js';
import { type Block, blockOf, emptyBlock, shownType } from './block.js';
import { checkCount } from './check-count.js';
import { Dataset } from './dataset.js';
import { execute, limitMemory, literal, quoted } from './duckdb.js';
import { InvalidCall, RemoteData } from './errors.js';
import { filesOf, isRemote } from './files.js';
import { blockOfArrow, distinctNames } from './from-arrow.js';
import { readImages } from './images.js';
import { sourcePlan, streamPlan } from './plans.js';
import { type Arguments, csvSource, type From, jsonSource, oncePerState, typesArgument } from './text-files.js';
import type { ArrowTable, ReadArrowOptions, ReadCsvOptions, ReadOptions, Row } from './types.js';

type Paths = string | readonly string[];

/** How the files of a format are read. */
interface Format {
  readonly what: string;
  /** DuckDB's function. */
  readonly table: string;
  readonly extensions: readonly string[];
  readonly more?: Arguments;
  /** Makes the expression that reads the files, and may look at them for that. */
  readonly look?: (from: From, paths: readonly string[]) => Promise<string>;
}

function reader<T extends Row>(format: Format, paths: Paths, options: ReadOptions): Dataset<T> {
  const { what, table, extensions, more = {}, look = async (from: From) => from({}) } = format;
  const { columns, includePaths = false } = options;
  const remote = [paths].flat().filter((path) => typeof path === 'string' && isRemote(path));
  const files = remote.length > 0 ? [paths].flat() : filesOf(what, paths, extensions);
  const isOne = files.length === 1 && remote.length === 0;
  const named: Arguments = {
    ...more,
    filename: includePaths ? "'path'" : undefined,
    union_by_name: isOne ? undefined : more.union_by_name,
  };
  // These files exist, so `*`, `?` and `[` are part of their names and must not be patterns for DuckDB.
  const exact = remote.length > 0 ? files : files.map((file) => file.replace(/[*?[]/g, '[$&]'));
  const from: From = (others) => {
    const list = Object.entries({ ...named, ...others }).flatMap(([key, value]) =>
      value === undefined ? [] : `${key} = ${value}`,
    );
    return `${table}(${[`[${exact.map(literal).join(', ')}]`, ...list].join(', ')})`;
  };
  // Nothing tells whether a file of another machine has changed.
  const source = remote.length > 0 ? () => look(from, files) : oncePerState(files, () => look(from, files));
  const chosen = columns === undefined ? '*' : [...columns, ...(includePaths ? ['path'] : [])].map(quoted).join(', ');
  const name = `${what}(${files.length === 1 ? files[0] : `${files.length} files`})`;
  const plan = sourcePlan(name, async () => {
    const [url] = remote;
    if (url !== undefined) await loadRemote(what, url);
    return `SELECT ${chosen} FROM ${await source()}`;
  });
  return new Dataset<T>(plan, files.length > 1 ? { numBlocks: files.length } : {});
}

/** Without it, DuckDB takes the columns and types of the first file for all, and casts the values of the others. */
const unionOf = ({ unionByName = true }: ReadOptions): string => String(unionByName);

/** DuckDB reads URLs with an extension, which it downloads at the first use. @throws NBS_DATA_REMOTE */
async function loadRemote(what: string, url: string): Promise<void> {
  try {
    await execute('LOAD httpfs').catch(() => execute('INSTALL httpfs; LOAD httpfs'));
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw RemoteData(
      { what, url, reason: `DuckDB needs its extension httpfs for that, which cannot be loaded (${line})` },
      error,
    );
  }
}

/** Makes data sets: from files, which are read when rows are asked for, and from values. */
export const data = {
  /**
   * Sets how much memory this process uses to sort, group and keep rows, in bytes or as a text such as `'2GB'`. What does not fit goes to a temporary folder.
   * @default 80 % of the memory of the machine
   */
  async configure({ memoryLimit }: { readonly memoryLimit: number | string }): Promise<void> {
    await limitMemory(typeof memoryLimit === 'number' ? `${memoryLimit}B` : memoryLimit);
  },

  /** Reads CSV files. Names and types of the columns are found in the files. */
  readCsv<T extends Row = Row>(paths: Paths, options: ReadCsvOptions = {}): Dataset<T> {
    const { delimiter, header, types, nullValues, skip, nullPadding, dateFormat, timestampFormat } = options;
    if (skip !== undefined) checkCount('readCsv', 'skip', skip, 0);
    const text = (given: string | undefined): string | undefined => (given === undefined ? undefined : literal(given));
    const more: Arguments = {
      delim: text(delimiter),
      header: header === undefined ? undefined : String(header),
      types: typesArgument(Object.entries(types ?? {})),
      nullstr: nullValues === undefined ? undefined : `[${nullValues.map(literal).join(', ')}]`,
      skip: skip === undefined ? undefined : String(skip),
      null_padding: nullPadding === true ? 'true' : undefined,
      dateformat: text(dateFormat),
      timestampformat: text(timestampFormat),
      union_by_name: unionOf(options),
    };
    const look = (from: From, files: readonly string[]): Promise<string> => csvSource('readCsv', from, files, options);
    const extensions = ['csv', 'tsv', 'csv.gz'];
    return reader<T>({ what: 'readCsv', table: 'read_csv', extensions, more, look }, paths, options);
  },

  /** Reads Parquet files. */
  readParquet<T extends Row = Row>(paths: Paths, options: ReadOptions = {}): Dataset<T> {
    const format = { what: 'readParquet', table: 'read_parquet', extensions: ['parquet'] };
    return reader<T>({ ...format, more: { union_by_name: unionOf(options) } }, paths, options);
  },

  /** Reads JSON files: an object on each line, or a list of objects. */
  readJson<T extends Row = Row>(paths: Paths, options: ReadOptions = {}): Dataset<T> {
    const extensions = ['json', 'jsonl', 'ndjson', 'json.gz'];
    return reader<T>({ what: 'readJson', table: 'read_json', extensions, look: jsonSource }, paths, options);
  },

  readImages,

  /** Makes a data set of rows. A value that is no object becomes a row with the column `item`. The rows are not copied, so leave them as they are. */
  fromItems<V>(items: readonly V[]): Dataset<V extends Row ? V : { item: V }> {
    if (!Array.isArray(items)) throw InvalidCall({ what: 'fromItems', expected: 'a list of rows', got: shownType(items) });
    const rows = items.map((item: unknown) => (isRow(item) ? item : { item }));
    const size = 16_384;
    let known: Set<string> | undefined;
    const names = (): Set<string> => {
      if (known !== undefined) return known;
      known = new Set();
      for (const row of rows) for (const name of Object.keys(row)) known.add(name);
      return known;
    };
    const blocks = async function* (): AsyncGenerator<Block> {
      // Each block has the columns of all rows.
      const all = names();
      for (let start = 0; start < rows.length; start += size) yield blockOf('fromItems', rows.slice(start, start + size), all);
    };
    return new Dataset(streamPlan(`fromItems(${items.length} rows)`, [], blocks, async () => [...names()]));
  },

  /**
   * Reads files in the format of Arrow IPC, which pyarrow, pandas and Polars write too: `….arrow`, `….feather`, `….arrows`. It needs the package
   * `apache-arrow`. Compressed files are read if a codec is registered with that package.
   */
  readArrow<T extends Row = Row>(paths: Paths, options: ReadArrowOptions = {}): Dataset<T> {
    const files = filesOf('readArrow', paths, ['arrow', 'feather', 'arrows']);
    return new Dataset<T>(arrowFilesPlan(files, options), files.length > 1 ? { numBlocks: files.length } : {});
  },

  /** Makes a data set of a table of the package `apache-arrow`. @throws NBS_ARROW_TYPE when rows are asked for, if a column has a type that data sets do not have */
  fromArrow<T extends Row = Row>(table: ArrowTable): Dataset<T> {
    const fields = table?.schema?.fields?.map(({ name }) => name);
    if (fields === undefined)
      throw InvalidCall({ what: 'fromArrow', expected: 'a table of apache-arrow', got: shownType(table) });
    const names = distinctNames(fields);
    const blocks = async function* (): AsyncGenerator<Block> {
      for (const batch of table.batches) yield blockOfArrow(names, batch);
      if (table.batches.length === 0) yield emptyBlock(names);
    };
    return new Dataset<T>(streamPlan('fromArrow', [], blocks, async () => names));
  },

  /** Makes a data set of the numbers from 0 up to `n`, without `n`, as the column `id`. */
  range(n: number): Dataset<{ id: number }> {
    if (!Number.isSafeInteger(n) || n < 0)
      throw InvalidCall({ what: 'range', expected: 'a whole number of rows of at least 0', got: String(n) });
    return new Dataset(sourcePlan(`range(${n})`, () => `SELECT range AS id FROM range(${n})`));
  },
};

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
