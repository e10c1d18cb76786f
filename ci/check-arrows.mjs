// Checks what dependency-cruiser does not see: files that a room names by `new URL(…)`, and entries of rooms.cjs that nobody needs any more.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findFiles } from './find-files.mjs';
import { KERNEL_ROOMS, NAMED_FILES, OUTER_FILES, ROOMS } from './rooms.cjs';

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"]+)\.js['"]/g;
const NAMED = /new URL\(\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g;
const problems = [];

/** @type {[string, Record<string, string[]>][]} */
const PACKAGES = [
  ['lib/src', ROOMS],
  ['kernel-ext/src', KERNEL_ROOMS],
];
for (const [base, rooms] of PACKAGES) {
  const innermostFirst = Object.keys(rooms).toSorted((a, b) => b.length - a.length);
  const roomOf = (file) => innermostFirst.find((room) => file.startsWith(`${room}/`)) ?? '';
  /** Each as `from → to`. */
  const arrows = new Set();
  const opened = new Set();
  for (const path of findFiles(base, '.ts')) {
    if (/\.test(-support)?\.ts$/.test(path)) continue;
    const file = path.slice(base.length + 1);
    const from = roomOf(file);
    const text = readFileSync(path, 'utf8');
    const targetsOf = (pattern) =>
      [...text.matchAll(pattern)]
        .map(([, target = '']) => join(dirname(file), target))
        .filter((to) => roomOf(`${to}.ts`) !== from);
    for (const to of targetsOf(IMPORT)) {
      arrows.add(`${from} → ${roomOf(`${to}.ts`)}`);
      opened.add(`${from} → ${to}`);
    }
    for (const to of targetsOf(NAMED)) {
      if (!existsSync(join(base, `${to}.ts`))) continue;
      opened.add(`${from} names ${to}`);
      if (NAMED_FILES[`${base}/${from}`]?.includes(to)) continue;
      problems.push(`${path} names ${base}/${to}.ts; if the room starts it, add it to NAMED_FILES in ci/rooms.cjs`);
    }
  }
  for (const [from, allowed] of Object.entries(rooms)) {
    for (const to of allowed)
      if (!arrows.has(`${from} → ${to}`)) problems.push(`ci/rooms.cjs: ${from} may import ${to}, and does not`);
  }
  for (const [from, files] of Object.entries(base === 'lib/src' ? OUTER_FILES : {})) {
    for (const to of files)
      if (!opened.has(`${from} → ${to}`))
        problems.push(`ci/rooms.cjs: OUTER_FILES opens ${to} to ${from}, which does not import it`);
  }
  for (const [room, files] of Object.entries(NAMED_FILES)) {
    if (!room.startsWith(`${base}/`)) continue;
    for (const to of files)
      if (!opened.has(`${room.slice(base.length + 1)} names ${to}`)) problems.push(`ci/rooms.cjs: ${room} does not name ${to}`);
  }
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
