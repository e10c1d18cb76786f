import { type CompilerOptions, jsxPragmas } from '../code/index.js';
import { CannotBuild } from './errors.js';
import type { Statement } from './statement.js';

/**
 * The comments for a module with JSX, so that it is compiled as the notebook's cells are, whatever the `tsconfig.json` beside the module says; '' if it has
 * no JSX.
 * @param file the notebook's name
 * @throws NBS_CANNOT_BUILD if its cells name different functions for JSX
 */
export function jsxComments(statements: readonly Statement[], options: CompilerOptions, file: string): string {
  let first: { readonly cell: number; readonly text: string } | undefined;
  for (const { cell, source, hasJsx } of statements) {
    if (!hasJsx) continue;
    const text = commentsFor(jsxPragmas(source), options);
    first ??= { cell, text };
    if (first.text === text) continue;
    const problem = `its JSX and that of cell ${first.cell} have comments that name different functions for it; name the functions in tsconfig.json`;
    throw CannotBuild({ file, cell, problem });
  }
  return first?.text ?? '';
}

function commentsFor(own: Readonly<Record<string, string>>, options: CompilerOptions): string {
  const runtime = own.jsxRuntime ?? (options.jsx === 'react' ? 'classic' : 'automatic');
  const names =
    runtime === 'classic'
      ? { jsx: own.jsx ?? options.jsxFactory, jsxFrag: own.jsxFrag ?? options.jsxFragmentFactory }
      : { jsxImportSource: own.jsxImportSource ?? options.jsxImportSource };
  const comments = Object.entries({ jsxRuntime: runtime, ...names }).filter(([, value]) => value !== undefined);
  return comments.map(([name, value]) => `/** @${name} ${String(value)} */`).join(' ');
}
