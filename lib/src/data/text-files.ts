/** What CSV and JSON files have in all their rows: DuckDB alone looks at the first rows of some files, and casts the others to what it has guessed. */
import { statSync } from 'node:fs';
import { describeQuery } from './describe.js';
import { literal, quoted, rethrow, withConnection } from './duckdb.js';
import { DataUnreadable } from './errors.js';
import type { ReadCsvOptions, SchemaColumn } from './types.js';

/** Arguments of a function of DuckDB in SQL. Those that are undefined are left out. */
export type Arguments = Readonly<Record<string, string | undefined>>;
/** The expression that reads the files, with these arguments beside those of the user. */
export type From = (more: Arguments) => string;

const ALL_ROWS: Arguments = { sample_size: '-1' };
const ALL_FILES: Arguments = { ...ALL_ROWS, maximum_sample_files: '-1' };
const UNKNOWN = { filename: undefined };

/** Looks at files when it is first asked, and again if one of them has changed since. */
export function oncePerState<R>(files: readonly string[], look: () => Promise<R>): () => Promise<R> {
  let known: { readonly state: string; readonly found: Promise<R> } | undefined;
  return () => {
    const state = files.map(stateOf).join();
    if (known?.state !== state) {
      const now = { state, found: look() };
      known = now;
      now.found.catch(() => {
        if (known === now) known = undefined;
      });
    }
    return known.found;
  };
}

function stateOf(file: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    return `${ino}/${mtimeNs}/${size}`;
  } catch {
    // DuckDB says why the file cannot be read.
    return 'unknown';
  }
}

/** The types of columns as an argument. */
export const typesArgument = (columns: Iterable<readonly [name: string, type: string]>): string | undefined => {
  const pairs = [...columns].map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  return pairs.length === 0 ? undefined : `{${pairs.join(', ')}}`;
};

const isEqual = (a: readonly SchemaColumn[], b: readonly SchemaColumn[]): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The names of folders such as `day=2024-01-05`, of which DuckDB makes a column if all files have them. */
const keysOf = (path: string): string[] => [...path.matchAll(/([^/=]+)=[^/]*(?=\/)/g)].map(([, key = '']) => key);

/** The columns that DuckDB makes of the names of folders, and to which it gives a type itself. `types` for them, which are those of the files, end the database. */
async function folderColumns(given: From, paths: readonly string[]): Promise<readonly string[]> {
  if (!paths.some((path) => keysOf(path).length > 0 || path.includes('*'))) return [];
  const of = (more: Arguments) =>
    describeQuery(`SELECT * FROM ${given({ types: undefined, ...more, ...UNKNOWN })}`).catch((): SchemaColumn[] => []);
  const [texts, found] = [await of({ hive_types_autocast: 'false' }), await of({})];
  return found.map(({ name }) => name).filter((name, i) => texts.some((one) => one.name === name && one.type !== found[i]?.type));
}

/**
 * How CSV files are read, with the types that hold all values.
 * @throws NBS_DATA_UNREADABLE if no line could be divided
 */
export async function csvSource(what: string, given: From, paths: readonly string[], options: ReadCsvOptions): Promise<string> {
  const { delimiter, skip, dateFormat, timestampFormat } = options;
  const folders = await folderColumns(given, paths);
  const isOfFolder = ({ name }: SchemaColumn): boolean => folders.includes(name);
  const typed = Object.entries(options.types ?? {});
  const isSame = (name: string) => (folder: string) => folder.toLowerCase() === name.toLowerCase();
  const types = typed.filter(([name]) => !folders.some(isSame(name)));
  const hive = typed.flatMap(([name, type]) => folders.filter(isSame(name)).map((folder) => [folder, type] as const));
  const free: From = (more) =>
    given(hive.length === 0 ? more : { types: typesArgument(types), hive_types: typesArgument(hive), ...more });
  // Left free, DuckDB skips the header and all rows before the first one of the greatest length. Told to skip none, it reads a header behind empty lines as a
  // row. If it finds the same columns both times, it skips nothing but such lines.
  const strict: From = (more) => free(skip === undefined ? { skip: '0', ...more } : more);
  const loose = await describeQuery(`SELECT * FROM ${free(UNKNOWN)}`).catch((): SchemaColumn[] => []);
  const keys = new Set(paths.flatMap(keysOf));
  const inFiles = (columns: readonly SchemaColumn[]) => columns.filter(({ name }) => !keys.has(name));
  const isDivided = inFiles(loose).length > 1;
  const first = await describeQuery(`SELECT * FROM ${strict(UNKNOWN)}`).catch((error: unknown) => {
    throw isDivided ? Uneven(what, '', error) : error;
  });
  const from = isEqual(first, loose) ? free : strict;
  if (delimiter === undefined || isDivided) await checkDivided(what, from, inFiles(first), isDivided);
  const asked = new Set(typed.map(([name]) => name.toLowerCase()));
  const isGiven = (column: SchemaColumn): boolean => asked.has(column.name.toLowerCase()) || isOfFolder(column);
  if (first.every(isGiven)) return from({});
  const found = await describeQuery(`SELECT * FROM ${from({ ...ALL_ROWS, ...UNKNOWN })}`).catch(async (error: unknown) => {
    // To read all rows tells the line that is wrong.
    await firstRows(`SELECT count(COLUMNS(*)) FROM ${from(UNKNOWN)}`);
    throw error;
  });
  if (delimiter === undefined) await checkDivided(what, from, inFiles(found));
  const isGuessed = (column: SchemaColumn): boolean =>
    !isGiven(column) && (column.type === 'DATE' ? dateFormat : timestampFormat) === undefined;
  const days = found.filter((column) => /^(DATE|TIMESTAMP)/.test(column.type) && isGuessed(column));
  // With the types, DuckDB need not look at all rows again. It has to divide the lines as it did before.
  const own = found.filter((column) => !isOfFolder(column));
  const known = { types: typesArgument(own.map(({ name, type }) => [name, type])) };
  const again = await describeQuery(`SELECT * FROM ${from({ ...known, ...UNKNOWN })}`).catch(() => []);
  const withTexts = (texts: ReadonlySet<string>): Arguments => {
    const typeOf = ({ name, type }: SchemaColumn) => [name, texts.has(name) ? 'VARCHAR' : type] as const;
    if (isEqual(again, found)) return { types: typesArgument(own.map(typeOf)) };
    return { ...ALL_ROWS, types: typesArgument([...types, ...[...texts].map((name) => [name, 'VARCHAR'] as const)]) };
  };
  const names = days.map(({ name }) => name);
  return from(withTexts(await unclearDays(names, from({ ...withTexts(new Set(names)), ...UNKNOWN }))));
}

/** A date that begins with the year. What DuckDB makes of the name of a folder is a date and no text. */
const YEAR_FIRST = (column: string): string => `regexp_matches(${column}::VARCHAR, '^\\s*\\d{4}\\D')`;
/** The same for the dates inside an object or list, whose text is searched. */
const NO_DAY_FIRST = (column: string): string => `NOT regexp_matches(${column}::VARCHAR, '"\\s*\\d{1,2}-\\d{1,2}-\\d')`;

/** The columns of dates in which a value does not begin with the year: DuckDB guesses whether its day or its month is first. */
async function unclearDays(names: readonly string[], source: string, isClear = YEAR_FIRST): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const [row = []] = await firstRows(
    `SELECT ${names.map((name) => `bool_and(${isClear(quoted(name))})`).join(', ')} FROM ${source}`,
  );
  return new Set(names.filter((_, i) => row[i] === false));
}

const Uneven = (what: string, effect: string, cause?: unknown) =>
  DataUnreadable(
    {
      reason: `${what}: the lines do not have the same number of values, or it is not clear what divides them${effect}; give { delimiter }, the number of lines before the header as { skip } ({ skip: 0 } if each line is one value), or { nullPadding: true } if short rows are meant`,
    },
    cause,
  );

/**
 * If rows have different lengths, DuckDB takes each line as one value.
 * @param isDivided whether it finds several columns if it may skip lines, such as a title
 * @throws NBS_DATA_UNREADABLE
 */
async function checkDivided(
  what: string,
  from: From,
  [only, another]: readonly SchemaColumn[],
  isDivided = false,
): Promise<void> {
  if (only === undefined || another !== undefined) return;
  const isNamed = only.name !== 'column0';
  const [[first] = []] = isNamed ? [[only.name]] : await firstRows(`SELECT * FROM ${from(UNKNOWN)} LIMIT 1`);
  if (isDivided || /[,;\t|]/.test(String(first))) throw Uneven(what, `, so that ${first} would be one column`);
}

/** How JSON files are read, with the types that hold all values. Objects with keys of their own, which DuckDB makes Maps, stay JSON, because objects they are. */
export async function jsonSource(from: From): Promise<string> {
  const found = await describeQuery(`SELECT * FROM ${from({ ...ALL_FILES, ...UNKNOWN })}`);
  const names = new Set(found.map(({ name }) => name.toLowerCase()));
  const exact = new Set(found.map(({ name }) => name));
  // DuckDB changes one of two names that differ only in case, and then it must find the columns itself.
  const isChanged = found.some(({ name }) => {
    const base = name.replace(/_\d+$/, '');
    return !exact.has(base) && names.has(base.toLowerCase());
  });
  if (found.length === 0 || isChanged) return from(ALL_FILES);
  const columns = (typeOf: (column: SchemaColumn) => string): Arguments => ({
    columns: typesArgument(found.map((column) => [column.name, typeOf(column)])),
  });
  const isDay = ({ type }: SchemaColumn): boolean => /^(DATE|TIMESTAMP)[A-Z ]*$/.test(type);
  const source = from({ ...columns((column) => (isDay(column) ? 'VARCHAR' : 'JSON')), ...UNKNOWN });
  const namesOf = (some: readonly SchemaColumn[]): string[] => some.map(({ name }) => name);
  const days = await unclearDays(namesOf(found.filter(isDay)), source);
  const nested = found.filter((column) => !isDay(column) && /\b(DATE|TIMESTAMP)/.test(column.type));
  const inside = await unclearDays(namesOf(nested), source, NO_DAY_FIRST);
  return from(
    columns(({ name, type }) => (days.has(name) ? 'VARCHAR' : inside.has(name) || /\bMAP\(/.test(type) ? 'JSON' : type)),
  );
}

const firstRows = (sql: string): Promise<unknown[][]> =>
  withConnection(async (connection) => (await connection.run(sql)).getRows()).catch(rethrow);
