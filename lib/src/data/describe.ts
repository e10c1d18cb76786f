import { type DuckDB, rethrow, withConnection } from './duckdb.js';
import { NoSuchColumn } from './errors.js';
import type { SchemaColumn } from './types.js';

/** The columns of a query. */
export function describeQuery(sql: string): Promise<readonly SchemaColumn[]> {
  return withConnection(async (connection) => {
    const { rows } = { rows: await (await connection.run(`DESCRIBE ${sql}`)).getRows() };
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  }).catch(rethrow);
}

/** The same with types as DuckDB has them. */
export function columnTypes(sql: string): Promise<readonly { readonly name: string; readonly type: DuckDB.DuckDBType }[]> {
  return withConnection(async (connection) => {
    const result = await connection.run(`SELECT * FROM (${sql}) LIMIT 0`);
    return result.deduplicatedColumnNames().map((name, i) => ({ name, type: result.columnType(i) }));
  }).catch(rethrow);
}

export async function columnsOf(source: string): Promise<readonly string[]> {
  return (await describeQuery(`SELECT * FROM ${source}`)).map(({ name }) => name);
}

/** @throws NBS_NO_SUCH_COLUMN */
export function checkColumns(what: string, wanted: readonly string[], known: readonly string[]): void {
  const missing = wanted.find((name) => !known.includes(name));
  if (missing !== undefined) throw NoSuchColumn({ what, column: missing, valid: known.join(', ') || 'none' });
}
