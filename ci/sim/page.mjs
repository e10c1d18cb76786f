// Writes the part of lib/docs/performance.md that simulations and replays make.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { plot } from './plot.mjs';

const PAGE = new URL('../../lib/docs/performance.md', import.meta.url);
export const LARGE_PAGE = new URL('../../lib/docs/large-clusters.md', import.meta.url);
const IMAGES = new URL('../../lib/docs/images/', import.meta.url);

/** Replaces the text between the markers of `part`. */
export function writePart(part, lines, file = PAGE) {
  const begin = `<!-- begin: npm run simulate -- ${part} -->`;
  const page = readFileSync(file, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf('<!-- end -->', from);
  if (from === -1 || to === -1) throw new Error(`${file.pathname} lacks its marker ${begin}`);
  writeFileSync(file, `${page.slice(0, from)}${[begin, '', ...lines, ''].join('\n')}\n${page.slice(to)}`);
}

export function writePlot(name, drawn) {
  mkdirSync(IMAGES, { recursive: true });
  writeFileSync(new URL(name, IMAGES), plot(drawn));
}

const [{ model }] = cpus();
export const madeBy = (command) =>
  `Made by \`${command}\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${model.trim()}), Node ${process.versions.node}.`;

export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`);
