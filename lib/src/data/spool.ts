import type { Block, Values } from './block.js';
import {
  type ColumnType,
  checkNames,
  checkStructs,
  converterTo,
  duckdbType,
  joined,
  typeOfColumn,
  widened,
} from './column-type.js';
import { type Connection, connect, type DuckDB, duckdb, execute, quoted, rethrow } from './duckdb.js';

/** Rows of one chunk, at most: a constant of DuckDB. */
const CHUNK_ROWS = 2048;
let count = 0;

/** The query of a stream that had neither rows nor columns: nobody knows the columns of a function that was never called. What follows gives the same. */
export const NOTHING = 'SELECT NULL::INTEGER AS "empty" WHERE false';

/** Tables of the database that hold rows. */
export interface Spooled {
  /** The query for them. */
  readonly sql: string;
  release(): Promise<void>;
}

/** Writes the rows of a query into a table, with their types. */
export async function spoolQuery(sql: string, run: (statement: string) => Promise<void>): Promise<Spooled> {
  const table = `nbserve_${count++}`;
  await run(`CREATE TABLE ${table} AS ${sql}`);
  return { sql: `SELECT * FROM ${table}`, release: () => execute(`DROP TABLE IF EXISTS ${table}`) };
}

/** A table with the types of its columns. */
interface Table {
  readonly table: string;
  readonly own: ReadonlyMap<string, ColumnType>;
}

/** Writes a stream of blocks into tables: one for each set of types that its blocks have, because a later block may have other types. */
export async function spool(blocks: AsyncIterable<Block>): Promise<Spooled> {
  const tables: Table[] = [];
  const types = new Map<string, ColumnType>();
  const connection = await connect();
  let open: { readonly signature: string; readonly appender: Appender } | undefined;
  const release = async (): Promise<void> => {
    for (const { table } of tables) await execute(`DROP TABLE IF EXISTS ${table}`);
  };
  try {
    for await (const block of blocks) {
      const own = new Map<string, ColumnType>();
      for (const [name, values] of Object.entries(block.columns)) {
        const type = typeOfColumn(name, values);
        checkStructs(name, type);
        types.set(name, joined(name, types.get(name) ?? { kind: 'null' }, type));
        if (type.kind !== 'null') own.set(name, type);
      }
      checkNames(types.keys());
      if (block.rows === 0) continue;
      if (own.size === 0) {
        const name = Object.keys(block.columns)[0] ?? 'empty';
        own.set(name, { kind: 'null' });
        if (!types.has(name)) types.set(name, { kind: 'null' });
      }
      const api = await duckdb();
      const signature = JSON.stringify([...own].map(([name, type]) => [name, String(duckdbType(api, type))]));
      if (open?.signature !== signature) {
        open?.appender.close();
        const table = `nbserve_${count++}`;
        tables.push({ table, own });
        open = { signature, appender: await Appender.open(connection, table, own).catch(rethrow) };
      }
      await open.appender.append(block).catch(rethrow);
    }
    open?.appender.close();
  } catch (error) {
    // If the database has ended with that, its tables are gone, and the first error says why.
    await release().catch(() => {});
    throw error;
  } finally {
    connection.closeSync();
  }
  return { sql: await unionOf(tables, types), release };
}

/** Every column, in its order, with the type that holds the values of all tables. */
async function unionOf(tables: readonly Table[], types: ReadonlyMap<string, ColumnType>): Promise<string> {
  const api = await duckdb();
  const columns = [...types].map(([name, type]) => [quoted(name), String(duckdbType(api, type))] as const);
  if (columns.length === 0) return NOTHING;
  const nothing = `SELECT ${columns.map(([name, type]) => `NULL::${type} AS ${name}`).join(', ')} WHERE false`;
  if (tables.length === 0) return nothing;
  const parts = tables.map(({ table, own }) => {
    const all = [...own].map(([name, type]) => {
      const column = quoted(name);
      return `${widened(api, column, type, types.get(name) ?? type)} AS ${column}`;
    });
    return `SELECT ${all.join(', ')} FROM ${table}`;
  });
  return `SELECT * FROM (${[nothing, ...parts].join(' UNION ALL BY NAME ')})`;
}

/** Appends blocks to a table. */
class Appender {
  readonly #api: Awaited<ReturnType<typeof duckdb>>;
  readonly #appender: Awaited<ReturnType<Connection['createAppender']>>;
  readonly #types: ReadonlyMap<string, ColumnType>;

  private constructor(
    api: Awaited<ReturnType<typeof duckdb>>,
    appender: Awaited<ReturnType<Connection['createAppender']>>,
    types: ReadonlyMap<string, ColumnType>,
  ) {
    this.#api = api;
    this.#appender = appender;
    this.#types = types;
  }

  static async open(connection: Connection, table: string, types: ReadonlyMap<string, ColumnType>): Promise<Appender> {
    const api = await duckdb();
    const columns = [...types].map(([name, type]) => `${quoted(name)} ${String(duckdbType(api, type))}`);
    await connection.run(`CREATE TABLE ${table} (${columns.join(', ')})`);
    return new Appender(api, await connection.createAppender(table), types);
  }

  async append(block: Block): Promise<void> {
    const api = this.#api;
    const columns = [...this.#types].map(([name, type]) => ({
      values: block.columns[name] ?? [],
      type: duckdbType(api, type),
      convert: converterTo(api, type),
    }));
    for (let start = 0; start < block.rows; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, block.rows - start);
      const chunk = api.DuckDBDataChunk.create(
        columns.map(({ type }) => type),
        rows,
      );
      columns.forEach(({ values, convert }, i) => {
        if (setNumbers(chunk.getColumnVector(i), values, start, rows)) return;
        chunk.setColumnValues(
          i,
          Array.from({ length: rows }, (_, row) => convert(values[start + row])),
        );
      });
      this.#appender.appendDataChunk(chunk);
    }
    // What is appended goes to the table in steps, so that the database can move it to the disk.
    this.#appender.flushSync();
  }

  close(): void {
    this.#appender.closeSync();
  }
}

/** Copies numbers as they are, if the column is a typed array of the vector's own type. @returns whether it is */
function setNumbers(vector: DuckDB.DuckDBVector, values: Values, start: number, rows: number): boolean {
  const { items } = vector as unknown as { readonly items?: Float64Array };
  if (items === undefined || !ArrayBuffer.isView(values) || items.constructor !== values.constructor) return false;
  items.set((values as Float64Array).subarray(start, start + rows));
  vector.flush();
  return true;
}
