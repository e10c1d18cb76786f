/** The rows of several queries, one after the other, with the values that they have. DuckDB alone would cast what is of different types. */

import { isNbserveError } from '../core/index.js';
import { type ColumnType, checkNames, joined } from './column-type.js';
import { columnTypes } from './describe.js';
import { type DuckDB, literal, quoted, rethrow, withConnection } from './duckdb.js';
import { MixedColumn } from './errors.js';

interface Input {
  readonly source: string;
  readonly types: ReadonlyMap<string, DuckDB.DuckDBType>;
}

const NULL: ColumnType = { kind: 'null' };
const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const WIDE = /^U?(BIGINT|HUGEINT)$/;
const FLOAT = /^(FLOAT|DOUBLE)$/;

/** @throws NBS_MIXED_COLUMN, NBS_DATA_SAME_NAME; the query throws NBS_MIXED_COLUMN if whole numbers beyond 2^53 would become floats */
export async function unionQuery(sources: readonly string[]): Promise<string> {
  const inputs: Input[] = [];
  for (const source of sources) {
    const columns = await columnTypes(`SELECT * FROM ${source}`);
    inputs.push({ source, types: new Map(columns.map(({ name, type }) => [name, type])) });
  }
  const names = new Set(inputs.flatMap(({ types }) => [...types.keys()]));
  checkNames(names);
  const parts = inputs.map((): string[] => []);
  for (const name of names) {
    const columns = await columnsOf(name, inputs);
    inputs.forEach(({ types }, i) => {
      if (types.has(name)) parts[i]?.push(`${columns(i)} AS ${quoted(name)}`);
    });
  }
  return inputs.map(({ source }, i) => `SELECT ${parts[i]?.join(', ')} FROM ${source}`).join(' UNION ALL BY NAME ');
}

/** One column in each of the inputs, so that the types of all go together. @throws NBS_MIXED_COLUMN */
async function columnsOf(name: string, inputs: readonly Input[]): Promise<(input: number) => string> {
  const column = quoted(name);
  const types = inputs.map(({ types: all }) => all.get(name));
  if (!goTogether(name, types)) {
    // A column without values has a type too, e.g. texts in a CSV file.
    for (const [i, input] of inputs.entries())
      if (types[i] !== undefined && (await isEmpty(input.source, column))) types[i] = undefined;
    checkTypes(name, types);
    return (i) => (types[i] === undefined ? 'NULL' : column);
  }
  const words = types.map(String);
  if (!words.some((type) => WHOLE.test(type)) || !words.some((type) => FLOAT.test(type))) return () => column;
  const guarded = `CASE WHEN abs(${column}::HUGEINT) > ${MAX_SAFE} THEN error(${literal(`nbserve mixes ${name}`)}) ELSE ${column}::DOUBLE END`;
  return (i) => (WIDE.test(words[i] ?? '') ? guarded : `${column}::DOUBLE`);
}

function goTogether(name: string, types: readonly (DuckDB.DuckDBType | undefined)[]): boolean {
  try {
    checkTypes(name, types);
    return true;
  } catch (error) {
    if (isNbserveError(error)) return false;
    throw error;
  }
}

/** @throws NBS_MIXED_COLUMN */
function checkTypes(name: string, types: readonly (DuckDB.DuckDBType | undefined)[]): void {
  const some = types.filter((type) => type !== undefined);
  some.map(kindOf).reduce((all, kind) => joined(name, all, kind), NULL);
  const json = some.filter(({ alias }) => alias === 'JSON');
  if (json.length > 0 && json.length < some.length)
    throw MixedColumn({ column: name, what: 'mixes JSON of several kinds and values of one kind' });
}

const isEmpty = (source: string, column: string): Promise<boolean> =>
  withConnection(async (connection) => {
    const [row] = await (await connection.run(`SELECT count(${column}) FROM ${source}`)).getRows();
    return Number(row?.[0]) === 0;
  }).catch(rethrow);

/** What kind of values a column has. All numbers are of one kind here. */
function kindOf(type: DuckDB.DuckDBType): ColumnType {
  const name = String(type);
  if ('keyType' in type && 'valueType' in type) return { kind: 'map', key: kindOf(type.keyType), value: kindOf(type.valueType) };
  if ('valueType' in type) return { kind: 'list', of: kindOf(type.valueType) };
  if (name.startsWith('STRUCT')) {
    const { entryNames, entryTypes } = type as DuckDB.DuckDBStructType;
    return { kind: 'struct', entries: new Map(entryTypes.map((of, i) => [entryNames[i] ?? '', kindOf(of)])) };
  }
  if (WHOLE.test(name) || FLOAT.test(name) || /^(DECIMAL|BIGNUM)/.test(name)) return { kind: 'float64' };
  if (/^(DATE|TIMESTAMP)/.test(name)) return { kind: 'date' };
  if (name === 'BOOLEAN') return { kind: 'boolean' };
  if (name === 'BLOB') return { kind: 'blob' };
  return /NULL/.test(name) ? NULL : { kind: 'text' };
}
