// Objects if a source file of a room has more lines than a reader takes in, because then it usually holds a second noun.
// `node ci/check-length.mjs <folder> …` looks below other folders.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFiles } from './find-files.mjs';

const MAX_LINES = 350;
/** Compiled scripts. */
const MADE = /^ci\/dist\//;

/** @param {string[]} folders */
function tooLong(...folders) {
  const found = [];
  for (const path of folders.flatMap((folder) => ['.ts', '.mjs', '.cjs'].flatMap((suffix) => findFiles(folder, suffix)))) {
    if (MADE.test(path)) continue;
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').length;
    if (lines > MAX_LINES) found.push(`${path} has ${lines} lines; the most is ${MAX_LINES}: give its second noun a file`);
  }
  return found;
}

/** A file with one line too many must be found, and one without must not. */
function triesItself() {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-length-'));
  try {
    writeFileSync(join(folder, 'long.ts'), 'const x = 1;\n'.repeat(MAX_LINES + 1));
    writeFileSync(join(folder, 'short.ts'), 'const x = 1;\n'.repeat(MAX_LINES));
    const found = tooLong(folder);
    const isRight = found.length === 1 && found[0]?.startsWith(`${join(folder, 'long.ts')} has ${MAX_LINES + 1} lines`);
    return isRight ? [] : [`the check is wrong about its own files: ${found.join('; ') || 'it found nothing'}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const named = process.argv.slice(2);
const problems = [...triesItself(), ...tooLong(...(named.length > 0 ? named : ['lib/src', 'kernel-ext/src', 'ci']))];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
