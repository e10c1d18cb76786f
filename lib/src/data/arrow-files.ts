import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isNbserveError } from '../core/index.js';
import { type Arrow, arrow } from './arrow.js';
import { type Block, emptyBlock, makeBlock, withColumns } from './block.js';
import { checkColumns, columnTypes } from './describe.js';
import { DataUnreadable } from './errors.js';
import { blockOfArrow, distinctNames } from './from-arrow.js';
import type { Plan, Run } from './plan.js';
import { streamPlan } from './plans.js';
import { NOTHING } from './spool.js';
import { arrowBatch, arrowType } from './to-arrow.js';
import type { ArrowTable, ReadArrowOptions } from './types.js';

/** The schema of a query, and its rows in batches, made when they are asked for. */
async function arrowOf(run: Run, sql: string) {
  const api = await arrow();
  const columns = sql === NOTHING ? [] : await columnTypes(sql);
  const schema = new api.Schema(columns.map(({ name, type }) => new api.Field(name, arrowType(api, type), true)));
  async function* batches(): AsyncGenerator<Arrow.RecordBatch> {
    for await (const block of run.countedQuery('arrow', sql)) yield arrowBatch(api, schema, block);
  }
  return { api, schema, batches: batches() };
}

/** All rows of a plan as a table. @throws NBS_NO_ARROW */
export async function arrowTable(run: Run, plan: Plan): Promise<ArrowTable> {
  await arrow();
  const { api, schema, batches } = await arrowOf(run, await run.sql(plan));
  const all: Arrow.RecordBatch[] = [];
  for await (const batch of batches) if (batch.numRows > 0) all.push(batch);
  return new api.Table(schema, all) as unknown as ArrowTable;
}

/** Writes the rows of a query as an Arrow IPC file, batch after batch. @throws NBS_NO_ARROW, and errors of the file system */
export async function writeArrowFile(run: Run, sql: string, file: string): Promise<void> {
  const { api, batches } = await arrowOf(run, sql);
  const bytes = api.RecordBatchFileWriter.throughNode();
  await pipeline(Readable.from(batches, { highWaterMark: 1 }), bytes, createWriteStream(file));
}

/** The rows of files, one after the other. */
export function arrowFilesPlan(files: readonly string[], { columns, includePaths = false }: ReadArrowOptions): Plan {
  const what = `readArrow(${files.length === 1 ? files[0] : `${files.length} files`})`;
  const blocks = async function* (): AsyncGenerator<Block> {
    // A column that one file lacks is null there, also in the first file.
    const all = files.length > 1 ? new Set(await names()) : null;
    for (const file of files)
      for await (const block of blocksOfFile(file)) {
        if (columns !== undefined) checkColumns(what, columns, Object.keys(block.columns));
        const chosen = (columns ?? Object.keys(block.columns)).map((name) => [name, block.columns[name] ?? []] as const);
        const path = [['path', new Array<string>(block.rows).fill(file)]] as const;
        const own = makeBlock(block.rows, includePaths ? [...chosen, ...path] : chosen);
        yield all === null ? own : withColumns(own, all);
      }
  };
  const names = async (): Promise<string[]> => {
    const found = new Set(columns);
    // One after the other: there may be more files than a process can open at the same time.
    if (columns === undefined) for (const file of files) for (const name of await columnsOfFile(file)) found.add(name);
    return [...found, ...(includePaths ? ['path'] : [])];
  };
  return streamPlan(what, [], blocks, names);
}

/** The columns of a file, by its schema. */
async function columnsOfFile(file: string): Promise<string[]> {
  for await (const columns of openFile(file, async function* (names) {
    yield names;
  }))
    return columns;
  return [];
}

/** The rows of a file. @throws NBS_DATA_UNREADABLE, NBS_ARROW_TYPE, NBS_NO_ARROW */
const blocksOfFile = (file: string): AsyncGenerator<Block> =>
  openFile(file, async function* (names, batches) {
    let any = false;
    for await (const batch of batches) {
      any = true;
      yield blockOfArrow(names, batch);
    }
    if (!any) yield emptyBlock(names);
  });

/** What is read from a file in the format of files, or of streams. It is closed at the end. @throws NBS_DATA_UNREADABLE, NBS_NO_ARROW */
async function* openFile<T>(
  file: string,
  read: (names: string[], batches: AsyncIterable<Arrow.RecordBatch>) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const api = await arrow();
  const unreadable = (error: unknown) => DataUnreadable({ reason: `${file}: ${(error as Error).message}` }, error);
  const handle = await open(file).catch((error: unknown) => {
    throw unreadable(error);
  });
  try {
    const reader = await api.RecordBatchReader.from(handle);
    await reader.open();
    const names = distinctNames(reader.schema.fields.map(({ name }) => name));
    yield* read(names, reader);
  } catch (error) {
    throw isNbserveError(error) ? error : unreadable(error);
  } finally {
    await handle.close();
  }
}
