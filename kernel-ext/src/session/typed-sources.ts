import { extname } from 'node:path';

/** As in TypeScript, `.mjs` and `.cjs` mean one kind of file each, so a `data.ts` beside `data.mjs` is another module. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx', '.ts'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/** The TypeScript files that may be imported by the name of this file of JavaScript, the first choice first. */
export function typedSources(path: string): string[] {
  const ending = extname(path);
  return (TYPED[ending] ?? []).map((typed) => path.slice(0, -ending.length) + typed);
}
