import { splitCell } from '../magics/index.js';
import { magicGrammar } from './magic-grammar.js';
import { edited, unmapped } from './mapped-text.js';
import { parseCell, type SyntaxNode } from './syntax.js';

export type { SyntaxNode } from './syntax.js';

/** The TypeScript of a cell, without its magics. */
export interface CellSyntax {
  readonly statements: readonly SyntaxNode[];
  /** What the positions of the nodes refer to. */
  readonly text: string;
}

/** Reads a cell without running it. @returns undefined if it is not TypeScript, which is an error when the cell runs */
export function cellSyntax(code: string): CellSyntax | undefined {
  const { cellMagic, edits } = splitCell(
    code,
    magicGrammar(() => false),
  );
  const text = cellMagic === undefined ? edited(unmapped(code), edits).text : '';
  const program = parseCell(text);
  if (program === undefined || program.errors.length > 0) return undefined;
  return { statements: program.body as readonly SyntaxNode[], text };
}
