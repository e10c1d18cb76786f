import { type CellRules, hasTag, type NotebookCell, textOf } from '../runner/index.js';
import { parseTolerance } from './tolerance.js';

const SKIPPED = ['skip', 'skip-execution', 'nbval-skip'] as const;
const RAISES = ['raises-exception', 'nbval-raises-exception'] as const;
const IGNORED = ['nbval-ignore-output'] as const;
const TOLERANCE = /^nbserve-tolerance=(.*)$/;

/** nbval knows a tag as a comment too: `// NBVAL_IGNORE_OUTPUT`. */
const commentOf = (tag: string): string => tag.toUpperCase().replaceAll('-', '_');

function isMarked(cell: NotebookCell, tags: readonly string[]): boolean {
  if (tags.some((tag) => hasTag(cell, tag))) return true;
  const comments = tags.filter((tag) => tag.startsWith('nbval-')).map(commentOf);
  return textOf(cell.source)
    .split('\n')
    .some((line) => comments.some((comment) => line.trim() === `// ${comment}`));
}

/** What the tags of cells mean in a test. */
export const TEST_RULES: CellRules = {
  isSkipped: (cell) => isMarked(cell, SKIPPED),
  raises: (cell) => isMarked(cell, RAISES),
};

export const ignoresOutput = (cell: NotebookCell): boolean => isMarked(cell, IGNORED);

/** The tolerance of the tag `nbserve-tolerance=1e-6`. `place` is the cell's in the notebook, from 1. @throws NBS_BAD_TOLERANCE */
export function toleranceOf(cell: NotebookCell, place: number): number | undefined {
  const tags: readonly unknown[] = Array.isArray(cell.metadata.tags) ? cell.metadata.tags : [];
  for (const tag of tags) {
    const text = typeof tag === 'string' ? TOLERANCE.exec(tag)?.[1] : undefined;
    if (text !== undefined) return parseTolerance(text, `the tag ${tag} of the cell at ${place}`);
  }
  return undefined;
}
