import { InvalidBatch } from './errors.js';
import type { Row } from './types.js';

/** The values of one column. */
export type Values = ArrayLike<unknown> & Iterable<unknown>;

/** Some rows as columns: the unit in which data flows. */
export interface Block {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Values>>;
}

type TypedArray = Float64Array | Int32Array;
export const isTyped = (values: unknown): values is TypedArray => ArrayBuffer.isView(values) && !(values instanceof DataView);

const NO_COLUMNS = (): Record<string, Values> => Object.create(null) as Record<string, Values>;

export const emptyBlock = (names: readonly string[] = []): Block => {
  const columns = NO_COLUMNS();
  for (const name of names) columns[name] = [];
  return { rows: 0, columns };
};

export function makeBlock(rows: number, entries: Iterable<readonly [string, Values]>): Block {
  const columns = NO_COLUMNS();
  for (const [name, values] of entries) columns[name] = values;
  return { rows, columns };
}

/** The same rows with these columns; a column that the block lacks is null. */
export function withColumns(block: Block, names: ReadonlySet<string>): Block {
  const { rows, columns } = block;
  if (Object.keys(columns).length === names.size) return block;
  return makeBlock(
    rows,
    [...names].map((name) => [name, columns[name] ?? new Array<null>(rows).fill(null)]),
  );
}

/** Rows `start` to `end`, without a copy of typed columns. */
export function sliceBlock({ rows, columns }: Block, start: number, end: number): Block {
  if (start === 0 && end >= rows) return { rows, columns };
  const part = (values: Values): Values =>
    isTyped(values) ? values.subarray(start, end) : (values as readonly unknown[]).slice(start, end);
  return makeBlock(
    Math.min(end, rows) - start,
    Object.entries(columns).map(([name, values]) => [name, part(values)]),
  );
}

/** The rows at these indices, in their order. */
export function pickRows({ columns }: Block, indices: readonly number[]): Block {
  const pick = (values: Values): Values => {
    if (!isTyped(values)) return indices.map((i) => values[i]);
    const Typed = values.constructor as new (length: number) => TypedArray;
    const picked = new Typed(indices.length);
    for (let i = 0; i < indices.length; i++) picked[i] = values[indices[i] as number] as number;
    return picked;
  };
  return makeBlock(
    indices.length,
    Object.entries(columns).map(([name, values]) => [name, pick(values)]),
  );
}

export function concatBlocks(blocks: readonly Block[]): Block {
  const filled = blocks.filter(({ rows }) => rows > 0);
  const [only] = filled;
  if (only === undefined) return blocks[0] ?? emptyBlock();
  if (filled.length === 1) return only;
  const names = new Set(filled.flatMap(({ columns }) => Object.keys(columns)));
  const rows = filled.reduce((sum, block) => sum + block.rows, 0);
  return makeBlock(
    rows,
    [...names].map((name) => [name, concatValues(filled, name, rows)]),
  );
}

function concatValues(blocks: readonly Block[], name: string, rows: number): Values {
  const parts = blocks.map((block) => block.columns[name] ?? new Array<null>(block.rows).fill(null));
  const [first] = parts;
  if (isTyped(first) && parts.every((part) => part.constructor === first.constructor)) {
    const whole = new (first.constructor as new (length: number) => TypedArray)(rows);
    let at = 0;
    for (const part of parts as TypedArray[]) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
  const whole: unknown[] = [];
  for (const part of parts) for (let i = 0; i < part.length; i++) whole.push(part[i]);
  return whole;
}

/** The rows as objects. */
export function rowsOf({ rows, columns }: Block): Row[] {
  const entries = Object.entries(columns);
  return Array.from({ length: rows }, (_, i) => {
    const row: Row = {};
    for (const [name, values] of entries) define(row, name, values[i]);
    return row;
  });
}

/** The same rows, each with these keys; what a row lacks is null. */
export function withKeys(rows: readonly Row[], names: ReadonlySet<string>): Row[] {
  return rows.map((row) => {
    if (Object.keys(row).length === names.size) return row;
    const whole: Row = {};
    for (const name of names) define(whole, name, Object.hasOwn(row, name) ? row[name] : null);
    return whole;
  });
}

/** A column may have any name, `__proto__` too. */
function define(row: Row, name: string, value: unknown): void {
  if (name !== '__proto__') row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Columns of rows. What a row lacks is null.
 * @param names columns that are first, also if no row has them
 * @throws NBS_BATCH_INVALID
 */
export function blockOf(what: string, rows: readonly unknown[], names: Iterable<string> = []): Block {
  const columns = NO_COLUMNS() as Record<string, unknown[]>;
  for (const name of names) columns[name] = new Array<unknown>(rows.length).fill(null);
  rows.forEach((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row))
      throw InvalidBatch({ what, expected: 'a row is an object such as { id: 1 }', got: shownType(row) });
    for (const [name, value] of Object.entries(row)) {
      columns[name] ??= new Array<unknown>(rows.length).fill(null);
      columns[name][i] = value ?? null;
    }
  });
  return { rows: rows.length, columns };
}

/** Checks what a function of batches returned. @throws NBS_BATCH_INVALID */
export function blockOfColumns(what: string, batch: unknown): Block {
  const expected = 'it returns columns, an object of arrays of the same length such as { id: [1, 2] }';
  if (typeof batch !== 'object' || batch === null || Array.isArray(batch) || ArrayBuffer.isView(batch))
    throw InvalidBatch({ what, expected, got: shownType(batch) });
  const columns = NO_COLUMNS();
  let rows: number | undefined;
  for (const [name, values] of Object.entries(batch)) {
    if (!Array.isArray(values) && !isTyped(values))
      throw InvalidBatch({ what, expected, got: `${shownType(values)} as column ${name}` });
    if (rows !== undefined && values.length !== rows)
      throw InvalidBatch({ what, expected, got: `column ${name} of length ${values.length} beside others of length ${rows}` });
    rows = values.length;
    columns[name] = values as Values;
  }
  return { rows: rows ?? 0, columns };
}

export function shownType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `an array (${value.constructor.name})`;
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`;
}

export async function* asAsync(blocks: readonly Block[]): AsyncGenerator<Block> {
  yield* blocks;
}

/** Cuts a stream of `rows` rows into so many blocks, whose sizes differ by one row at most. There are fewer only if there are fewer rows. */
export async function* cutInto(parts: number, rows: number, blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  const count = Math.min(parts, rows);
  let part = 0;
  let at = 0;
  let held: Block[] = [];
  let empty: Block | undefined;
  const end = (): number => Math.floor(((part + 1) * rows) / count);
  for await (const block of blocks) {
    if (block.rows === 0) empty ??= block;
    let rest = block;
    // The last block takes the rest, however many rows come.
    while (part < count - 1 && at + rest.rows >= end()) {
      const taken = end() - at;
      yield concatBlocks([...held, sliceBlock(rest, 0, taken)]);
      rest = sliceBlock(rest, taken, rest.rows);
      held = [];
      at += taken;
      part += 1;
    }
    if (rest.rows > 0) held.push(rest);
    at += rest.rows;
  }
  if (held.length > 0) yield concatBlocks(held);
  else if (at === 0 && empty !== undefined) yield empty;
}

/** A block of DuckDB's rows is complete with so many. */
export const BLOCK_ROWS = 16_384;

/** How many rows come together after so many. */
export const larger = (rows: number): number => Math.min(rows * 4, BLOCK_ROWS);

/** Cuts blocks into pieces of `first` rows and then more and more, so that whoever wants only the first rows need not wait for a whole block. */
export async function* growing(blocks: AsyncIterable<Block>, first: number): AsyncGenerator<Block> {
  let size = first;
  for await (const block of blocks) {
    let at = 0;
    do {
      const end = size < BLOCK_ROWS ? Math.min(at + size, block.rows) : block.rows;
      yield sliceBlock(block, at, end);
      at = end;
      size = larger(size);
    } while (at < block.rows);
  }
}

/** The same blocks, each with the columns of all before it: what a block lacks is null. */
export async function* withEarlierColumns(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  const names = new Set<string>();
  for await (const block of blocks) {
    for (const name of Object.keys(block.columns)) names.add(name);
    yield withColumns(block, names);
  }
}

/**
 * The same rows, in blocks that have all these columns. The first rows that a function makes may lack some, so they are held back until rows with these columns
 * come, or until they are as many as a block of DuckDB has.
 */
export async function* untilColumns(blocks: AsyncIterable<Block>, wanted: readonly string[]): AsyncGenerator<Block> {
  const seen = new Set<string>();
  let held: Block[] = [];
  let rows = 0;
  for await (const block of blocks) {
    for (const name of Object.keys(block.columns)) seen.add(name);
    held.push(block);
    rows += block.rows;
    if (rows < BLOCK_ROWS && !wanted.every((name) => seen.has(name))) continue;
    yield withColumns(concatBlocks(held), seen);
    held = [];
    rows = 0;
  }
  if (held.length > 0) yield withColumns(concatBlocks(held), seen);
}

/** Cuts a stream of blocks into blocks of `size` rows; the last one may be smaller. An empty stream keeps its columns. */
export async function* rebatch(blocks: AsyncIterable<Block>, size: number): AsyncGenerator<Block> {
  let held: Block[] = [];
  let count = 0;
  let any = false;
  let empty: Block | undefined;
  for await (const block of blocks) {
    if (block.rows === 0) {
      empty ??= block;
      continue;
    }
    held.push(block);
    count += block.rows;
    if (count < size) continue;
    const whole = concatBlocks(held);
    let at = 0;
    for (; count - at >= size; at += size) {
      any = true;
      yield sliceBlock(whole, at, at + size);
    }
    held = at === count ? [] : [sliceBlock(whole, at, count)];
    count -= at;
  }
  if (count > 0) yield concatBlocks(held);
  else if (!any && empty !== undefined) yield empty;
}
