import { type Block, blockOf, blockOfColumns, larger, pickRows, rowsOf } from './block.js';

/** What a user's function maps. */
export type Mode = 'batches' | 'map' | 'filter' | 'flatMap';
export type UserFunction = (argument: never) => unknown;

/**
 * Calls a user's function for a block, and gives what it makes when it is made.
 * @param what the call, for messages
 * @param sizes how many rows of `flatMap` are given together next; it becomes more and more
 * @throws what the function throws; NBS_BATCH_INVALID
 */
export async function* applyTo(
  mode: Mode,
  what: string,
  fn: UserFunction,
  block: Block,
  sizes = { next: Number.POSITIVE_INFINITY },
): AsyncGenerator<Block> {
  const call = fn as (argument: unknown) => unknown;
  if (mode === 'batches') {
    if (block.rows === 0) return;
    const result = await call({ ...block.columns });
    if (!isIterable(result)) yield blockOfColumns(what, result);
    else for await (const one of result) yield blockOfColumns(what, one);
    return;
  }
  const rows = rowsOf(block);
  if (mode === 'filter') {
    const kept: number[] = [];
    for (let i = 0; i < rows.length; i++) if (await call(rows[i])) kept.push(i);
    yield pickRows(block, kept);
    return;
  }
  if (block.rows === 0) return;
  let results: unknown[] = [];
  let hasGiven = false;
  for (const row of rows) {
    const result = await call(row);
    if (mode === 'map') results.push(result);
    else
      for await (const one of isIterable(result) ? result : [result]) {
        results.push(one);
        if (results.length < sizes.next) continue;
        yield blockOf(what, results);
        results = [];
        hasGiven = true;
        sizes.next = larger(sizes.next);
      }
  }
  if (results.length > 0 || !hasGiven) yield blockOf(what, results);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** The `prototype` of a class cannot be replaced. That of a function can be, and an arrow function has none. */
export function isClass(target: unknown): boolean {
  return typeof target === 'function' && Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false;
}
