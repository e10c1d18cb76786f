import type * as DuckDB from '@duckdb/node-api';
import { interruption } from '../actors/index.js';
import { inOwnTurn } from '../core/index.js';
import { DataFailed, DataUnreadable, KeptRowsLost, MixedColumn, NoDuckDB, NoMemory, NoSpaceLeft } from './errors.js';
import { makeSpillFolder } from './spill-folder.js';

export type { DuckDB };
export type Connection = DuckDB.DuckDBConnection;

let loading: Promise<{ readonly api: typeof DuckDB; readonly instance: DuckDB.DuckDBInstance }> | null = null;

let memoryLimit: string | undefined;

/** Sets how much memory DuckDB may use, e.g. `512MB`. @throws NBS_DATA_QUERY if it is no amount */
export async function limitMemory(limit: string): Promise<void> {
  await execute(`SET memory_limit = ${literal(limit)}`);
  memoryLimit = limit;
}

/** The database of this process. It is in memory, and what does not fit goes to a temporary folder, which ends with the process. */
function database() {
  loading ??= inOwnTurn(open).catch((error: unknown) => {
    // The next data set tries again.
    loading = null;
    return rethrow(error);
  });
  return loading;
}

async function open() {
  const api = await import('@duckdb/node-api').catch((error: unknown) => {
    throw NoDuckDB({}, error);
  });
  const folder = temporaryFolder();
  const instance = await api.DuckDBInstance.create(':memory:', {
    temp_directory: folder,
    ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
  });
  return { api, instance };
}

/** @throws NBS_DATA_QUERY */
function temporaryFolder(): string {
  try {
    return makeSpillFolder();
  } catch (error) {
    throw DataFailed({ reason: `DuckDB has no temporary folder: ${(error as Error).message}` }, error);
  }
}

export const duckdb = async (): Promise<typeof DuckDB> => (await database()).api;

/** Ends the query that a connection runs when the user interrupts the cell that called. @returns what forgets this */
export function endWithCell(connection: Connection): () => void {
  const interrupt = interruption();
  const end = (): void => connection.interrupt();
  interrupt?.addEventListener('abort', end);
  return () => interrupt?.removeEventListener('abort', end);
}

/** Runs `work` with a connection of its own. */
export async function withConnection<R>(work: (connection: Connection) => Promise<R>): Promise<R> {
  const connection = await connect();
  const forget = endWithCell(connection);
  try {
    return await work(connection);
  } finally {
    forget();
    connection.closeSync();
  }
}

export async function connect(): Promise<Connection> {
  return (await database()).instance.connect();
}

/** Runs statements that return nothing. @throws coded errors */
export async function execute(sql: string): Promise<void> {
  await withConnection((connection) => connection.run(sql)).catch(rethrow);
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Errors of DuckDB that are about the files. */
const OF_FILES = /^(IO Error|Invalid Input Error|Invalid Error|Serialization Error|Conversion Error|TProtocolException)/;
/** A conversion that an expression asks for: DuckDB shows its place. */
const OF_EXPRESSION = /^Conversion Error[\s\S]*\nLINE \d+: /;

/** Throws an error of DuckDB as a coded one, and the interrupt that has ended a query as what it is. */
export function rethrow(error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  if (/^INTERRUPT Error/.test(text)) interruption()?.throwIfAborted();
  if ((error as { code?: unknown } | null)?.code !== undefined) throw error;
  const [line = text] = text.split('\n');
  if (/No space left|disk is full|max_temp_directory_size|failed to offload|Could not write/i.test(text))
    throw NoSpaceLeft({ reason: line }, error);
  // After a fatal error, a database answers nothing any more. The next data set opens a new one.
  if (/^FATAL Error/.test(text)) loading = null;
  if (/Table with name nbserve_\d+ does not exist/.test(text)) throw KeptRowsLost({}, error);
  if (/Out of Memory Error|(failed to|could not) (pin|allocate)/i.test(text)) throw NoMemory({ reason: line }, error);
  const [, column] = /nbserve mixes (.*)/.exec(text) ?? [];
  if (column !== undefined) throw MixedColumn({ column, what: 'mixes fractions and whole numbers beyond 2^53' }, error);
  if (OF_FILES.test(text) && !OF_EXPRESSION.test(text)) throw DataUnreadable({ reason: text.trim() }, error);
  throw DataFailed({ reason: text.trim() }, error);
}
