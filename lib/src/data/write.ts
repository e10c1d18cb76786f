import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isLeft, isNbserveError, markIn, markProcess, markText, shortId } from '../core/index.js';
import { writeArrowFile } from './arrow-files.js';
import { columnTypes } from './describe.js';
import { type DuckDB, literal, quoted } from './duckdb.js';
import { DataExists, InvalidCall, NoSpaceLeft, NotWritten } from './errors.js';
import { localPath } from './files.js';
import type { Plan, Run } from './plan.js';
import type { WriteOptions } from './types.js';

/** The options of DuckDB's COPY for each format. DuckDB does not write Arrow. */
const FORMATS = {
  arrow: null,
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER',
  json: 'FORMAT json',
} as const;
type Format = keyof typeof FORMATS;

/**
 * Writes the rows. A path that ends with the format becomes one file, any other a folder with a file. What is written gets its name when it is whole.
 * @param path a path or a `file:` URL
 * @throws NBS_DATA_EXISTS, NBS_DATA_NOT_WRITTEN, NBS_DATA_NO_SPACE, NBS_DATA_REMOTE, and the errors of the plan
 */
export async function write(
  run: Run,
  plan: Plan,
  path: string,
  format: Format,
  { overwrite = false }: WriteOptions = {},
): Promise<void> {
  if (typeof path !== 'string' || path === '')
    throw InvalidCall({ what: 'write', expected: 'the path of a file or folder', got: String(path) });
  const target = resolve(localPath('write', path, 'writes'));
  await settle(target).catch(() => {});
  if (!overwrite && (await isTaken(target))) throw DataExists({ path });
  const isFile = target.endsWith(`.${format}`);
  const draft = `${target}.${markText(markProcess(process.pid))}-${shortId()}.part`;
  const file = isFile ? draft : `${draft}/part-0.${format}`;
  try {
    await mkdir(isFile ? dirname(target) : draft, { recursive: true });
    const sql = await run.sql(plan);
    const options = FORMATS[format];
    if (options === null) await writeArrowFile(run, sql, file);
    else {
      const query = format === 'parquet' ? await forParquet(sql) : sql;
      await run.execute('write', `COPY (${query}) TO ${literal(file)} (${options})`);
    }
    await replace(draft, target);
  } catch (error) {
    if (isNbserveError(error)) throw error;
    const { syscall, code, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    if (code === 'ENOSPC') throw NoSpaceLeft({ reason: message }, error);
    throw NotWritten({ path, reason: message }, error);
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
  }
}

/** Parquet has no whole numbers of 128 bits, such as sums: DuckDB would write floats. Decimals have 38 digits, and a longer number is an error. */
async function forParquet(sql: string): Promise<string> {
  const wide = (await columnTypes(sql)).filter(({ type }) => /\bU?HUGEINT\b/.test(String(type)));
  if (wide.length === 0) return sql;
  const replaced = wide.map(({ name, type }) => `${quoted(name)}::${decimalType(type)} AS ${quoted(name)}`);
  return `SELECT * REPLACE (${replaced.join(', ')}) FROM (${sql})`;
}

/** The same type with decimals in place of whole numbers of 128 bits. */
function decimalType(type: DuckDB.DuckDBType): string {
  if ('keyType' in type && 'valueType' in type) return `MAP(${decimalType(type.keyType)}, ${decimalType(type.valueType)})`;
  if ('valueType' in type) return `${decimalType(type.valueType)}[${'length' in type ? type.length : ''}]`;
  const name = type.alias === 'JSON' ? type.alias : String(type);
  if (!name.startsWith('STRUCT')) return /^U?HUGEINT$/.test(name) ? 'DECIMAL(38, 0)' : name;
  const { entryNames, entryTypes } = type as DuckDB.DuckDBStructType;
  return `STRUCT(${entryTypes.map((of, i) => `${quoted(entryNames[i] ?? '')} ${decimalType(of)}`).join(', ')})`;
}

/** Removes what processes that were killed have left of the same file or folder. What they had moved away comes back if nothing is in its place. */
async function settle(target: string): Promise<void> {
  const prefix = `${basename(target)}.`;
  for (const name of await readdir(dirname(target))) {
    const mark = name.startsWith(prefix) && /\.part(\.old)?$/.test(name) ? markIn(name.slice(prefix.length)) : undefined;
    const left = join(dirname(target), name);
    if (mark?.place === undefined || !isLeft(mark, left)) continue;
    if (name.endsWith('.old') && !existsSync(target)) await rename(left, target);
    else await rm(left, { recursive: true, force: true });
  }
}

/** A file takes the place of another in one step. A folder does not, so the older one is put back if that fails. */
async function replace(draft: string, target: string): Promise<void> {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!existsSync(target) || (!isFolder(draft) && !isFolder(target))) return rename(draft, target);
  const old = `${draft}.old`;
  await rename(target, old);
  try {
    await rename(draft, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function isTaken(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const names = await readdir(path).catch(() => ['a file']);
  return names.length > 0;
}
