import { readFile } from 'node:fs/promises';
import { wellFormedJson } from 'nbserve/basics';
import { NoNotebook, NotANotebook, reasonOf } from './errors.js';
import { checkedNotebook } from './notebook-check.js';

/** A text in a notebook: one string, or lines with their line ends. */
export type MultilineText = string | string[];

export interface NotebookCell {
  cell_type: 'code' | 'markdown' | 'raw';
  id?: string;
  metadata: Record<string, unknown> & { tags?: string[] };
  source: MultilineText;
  execution_count?: number | null;
  outputs?: CellOutput[];
}

/** The output types of nbformat 4. */
export type CellOutput =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: MultilineText }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | { output_type: 'execute_result'; data: Record<string, unknown>; metadata: Record<string, unknown>; execution_count: number }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] };

export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/** Reads a notebook, and adds members that its format requires if the file lacks them. @throws NBS_NO_NOTEBOOK, NBS_NOT_A_NOTEBOOK */
export async function readNotebook(file: string): Promise<Notebook> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw NoNotebook({ file, reason: reasonOf(error) }, error);
  });
  let parsed: unknown;
  try {
    // Editors on Windows write a byte order mark, which is skipped.
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = bytes.length === 0 ? 'it is empty' : (error as Error).message;
    throw NotANotebook({ file, reason: error instanceof TypeError ? 'it is not UTF-8 text' : reason }, error);
  }
  const checked = checkedNotebook(parsed);
  if (typeof checked === 'string') throw NotANotebook({ file, reason: checked });
  return checked;
}

/** The file's text, in the form that Jupyter writes: an indentation of one space, texts as lines, and a line end at the end. */
export function* notebookText(notebook: Notebook): Iterable<string> {
  const { cells, ...rest } = notebook;
  // Cell by cell, because a string cannot be longer than half a gigabyte.
  yield '{\n "cells": [';
  for (const [i, cell] of cells.entries()) {
    const split = {
      ...cell,
      source: toLines(cell.source),
      ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(splitOutput) }),
    };
    // Strings contain characters, such as U+2028, that end a line for a regular expression, and that JSON does not escape.
    yield `${i === 0 ? '' : ','}\n  ${wellFormedJson(JSON.stringify(split, null, 1)).replaceAll('\n', '\n  ')}`;
  }
  yield `${cells.length === 0 ? '' : '\n '}],\n${wellFormedJson(JSON.stringify(rest, null, 1)).slice(2)}\n`;
}

export const textOf = (text: MultilineText): string => (Array.isArray(text) ? text.join('') : text);

/** Python's `splitlines(keepends=True)` for the line ends in notebooks. */
const toLines = (text: MultilineText): string[] => textOf(text).match(/[^\n]*\n|[^\n]+$/g) ?? [];

function splitOutput(output: CellOutput): CellOutput {
  if (output.output_type === 'stream') return { ...output, text: toLines(output.text) };
  if (output.output_type === 'error') return output;
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    typeof value === 'string' && isSplitMime(mime) ? toLines(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(data) as Record<string, unknown> };
}

/** True for the types that nbformat splits into lines (`nbformat/v4/rwbase.py`). */
const isSplitMime = (mime: string): boolean =>
  mime.startsWith('text/') || mime === 'image/svg+xml' || mime === 'application/javascript';
