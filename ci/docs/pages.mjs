import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'lib/docs';

/** The pages with examples: the README and every page of lib/docs except its generated reference. */
export function pageFiles() {
  const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.sort().map((name) => join(FOLDER, name))];
}

/** Every Markdown file of the repository, for checking links. */
export function markdownFiles() {
  const below = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'datasets/README.md',
    'lib/README.md',
    'kernel-ext/README.md',
    ...below.sort().map((name) => join(FOLDER, name)),
  ];
}

/**
 * The fenced blocks of a page.
 * @returns {{ language: string, words: string[], text: string, line: number, comment: string }[]} `line` is that of the
 *   fence, from 1; `comment` the HTML comment on the line above it
 */
export function blocksOf(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const blocks = [];
  for (let i = 0; i < lines.length; i += 1) {
    const fence = /^(\s*)(`{3,})(\S*)\s*(.*)$/.exec(lines[i]);
    if (fence === null) continue;
    const [, indent, ticks, language, info] = fence;
    const end = lines.findIndex((line, at) => at > i && line.trim() === ticks);
    if (end === -1) throw new Error(`${file}:${i + 1}: this block has no end`);
    const text = lines
      .slice(i + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n');
    const comment = /^\s*<!--(.*)-->\s*$/.exec(lines[i - 1] ?? '')?.[1]?.trim() ?? '';
    blocks.push({ language, words: info.split(/\s+/).filter(Boolean), text, line: i + 1, comment });
    i = end;
  }
  return blocks;
}
