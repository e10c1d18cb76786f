import { type CodePositions, type DebugView, packed } from '../debugger/index.js';
import { bundleOf, textOf } from '../display/index.js';
import type { NotebookNames } from './notebook-names.js';
import { cellSources, codePositions } from './stack-positions.js';

/** What a debugger sees of the notebook. It is called while the cell's code is stopped. */
export function debugView(names: NotebookNames): DebugView {
  return {
    cells: cellSources,
    positions: positionsOf,
    names: () => Object.fromEntries(names.values()),
    known: (words) => words.filter((word) => Object.hasOwn(names.exports, word)),
    pick: (words) => Object.fromEntries(words.map((word) => [word, names.get(word)])),
    assign: (before, after) => {
      for (const [name, value] of Object.entries(after)) if (!Object.is(value, before[name])) names.exports[name] = value;
    },
    shown: (value) => {
      try {
        const bundle = bundleOf(value);
        if (!(bundle instanceof Promise)) return JSON.stringify(bundle);
        bundle.catch(() => {});
      } catch {
        // A method of the object has thrown, or the bundle is not JSON.
      }
      return JSON.stringify({ data: { 'text/plain': textOf(value) }, metadata: {} });
    },
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
