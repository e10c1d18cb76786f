import { CELL_PARAMETERS } from './cell-function.js';
import type { Edit } from './mapped-text.js';
import type { ParsedCell } from './ts7/parsed-cell.js';

/** Names that code has besides those of cells and globals. */
const GIVEN = new Set<string>([...CELL_PARAMETERS, 'module', 'arguments']);

/**
 * Lets functions of a cell whose types are not checked use what later cells declare. The name is looked up when the function runs; without such a name, and
 * if the function was sent as text, it stays what it is in the code.
 * @param isEarlier whether an earlier cell declares the name
 * @param space the parameter that holds the names of all cells
 */
export function lateReads(text: string, cell: ParsedCell, isEarlier: (name: string) => boolean, space: string): Edit[] {
  const edits: Edit[] = [];
  for (const { name, start, end, kind, depth, shorthand } of cell.free) {
    if (depth === 0 || kind === 'write' || name in globalThis || isEarlier(name)) continue;
    // A decorator may not begin with an expression in brackets.
    if (GIVEN.has(name) || name.startsWith('__nbs') || text[start - 1] === '@') continue;
    // A tag may not be an expression in brackets either.
    if (cell.tags.has(start)) {
      edits.push({ start, end: start, text: `${space}.` });
      continue;
    }
    const absent = kind === 'typeof' ? `typeof ${name} === 'undefined' ? undefined : ${name}` : name;
    const value = `(typeof ${space} === 'object' && '${name}' in ${space} ? ${space}.${name} : ${absent})`;
    // The bracket belongs to the edit, because V8 reports the position of a call as that of its bracket.
    const bracket = cell.callees.has(start) && text[end] === '(' ? '(' : '';
    const before = shorthand ? `${name}: ` : cell.listed.has(start) ? ';' : '';
    edits.push({ start, end: end + bracket.length, text: before + value + bracket });
  }
  return edits;
}
