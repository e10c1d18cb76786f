import { readFileSync } from 'node:fs';
import type ts from 'typescript';

/**
 * Documentation comments of Node's and JavaScript's own types are made plain ones: a fifth of the time to read those files goes into parsing them. All offsets
 * stay, so that `documentationOf` can read them from the file.
 */
const DOC_COMMENT = /\/\*\*(?!\/)/g;

/** What the parser gets of a file. */
export function withoutLibraryDocs(path: string, text: string): string {
  return isLibrary(path) ? text.replace(DOC_COMMENT, '/* ') : text;
}

function isLibrary(path: string): boolean {
  return path.includes('/@types/node/') || path.includes('/undici-types/') || path.includes('/typescript-for-tslab/lib/lib.');
}

/** The text of the documentation comment above a declaration in one of those files; '' if there is none. */
export function documentationOf(declaration: ts.Declaration): string {
  const { fileName } = declaration.getSourceFile();
  if (!isLibrary(fileName)) return '';
  const above = readFileSync(fileName, 'utf8').slice(declaration.getFullStart(), declaration.getStart());
  const comment = above.slice(above.lastIndexOf('/**'));
  if (!comment.startsWith('/**')) return '';
  return comment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .trim();
}
