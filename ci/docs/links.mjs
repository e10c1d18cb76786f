import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles } from './pages.mjs';

/** The links in Markdown files of the repository to files and headings that do not exist, each as `page:line: …`. */
export function brokenLinks() {
  return markdownFiles()
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      let inBlock = false;
      return readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, i) => {
          if (/^\s*```/.test(line)) inBlock = !inBlock;
          if (inBlock) return [];
          const targets = [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)];
          return targets.flatMap(([, inline, attribute]) => {
            const problem = problemOf(file, inline ?? attribute);
            return problem === null ? [] : [`${file}:${i + 1}: ${problem}`];
          });
        });
    });
}

function problemOf(file, target) {
  if (/^[a-z]+:/.test(target)) return null;
  const [path, anchor] = target.split('#');
  const found = path === '' ? file : join(dirname(file), path);
  if (!existsSync(found)) return `link to ${target}, which is not there`;
  if (anchor === undefined || statSync(found).isDirectory() || !found.endsWith('.md')) return null;
  return headings(found).has(anchor) ? null : `link to ${target}, which has no such heading`;
}

/** The anchors of a page, by GitHub's rule. */
function headings(file) {
  const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  const titles = [...text.matchAll(/^#{1,6} +(.*)$/gm)].map(([, title]) => title);
  const anchors = new Set([...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id));
  const seen = new Map();
  for (const title of titles) {
    const plain = title
      .replaceAll('\\', '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const times = seen.get(plain) ?? 0;
    seen.set(plain, times + 1);
    anchors.add(times === 0 ? plain : `${plain}-${times}`);
  }
  return anchors;
}
