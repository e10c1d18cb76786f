import { inspect } from 'node:util';
import { type CodePositions, type DebugView, packed } from '../debugger/index.js';
import type { NotebookNames } from './notebook-names.js';
import { cellSources, codePositions } from './stack-positions.js';

/** What a debugger sees of the notebook. It is called while the cell's code is stopped, so it only reads. */
export function debugView(names: NotebookNames): DebugView {
  return {
    cells: cellSources,
    positions: positionsOf,
    names: () => Object.fromEntries(names.values()),
    text: (value) => inspect(value),
  };
}

function positionsOf(id: string): CodePositions | undefined {
  const known = codePositions(id);
  if (known === undefined) return undefined;
  const places = known.code
    .split('\n')
    .map((text, line) => Array.from({ length: text.length + 1 }, (_, column) => packed(known.place(line, column))));
  return { code: known.code, source: known.source, places };
}
