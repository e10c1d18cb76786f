import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, markIn, markProcess, markText } from '../core/index.js';

const PREFIX = 'nbserve-data-';

/** Makes a private folder for rows that do not fit into memory. It ends with the process. Folders of processes that were killed are removed. */
export function makeSpillFolder(): string {
  removeLeft();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${markText(markProcess(process.pid))}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function removeLeft(): void {
  try {
    for (const name of readdirSync(tmpdir())) {
      const mark = name.startsWith(PREFIX) ? markIn(name.slice(PREFIX.length)) : undefined;
      if (mark?.place === undefined || isAlive(mark)) continue;
      const folder = join(tmpdir(), name);
      const entry = lstatSync(folder);
      if (entry.isDirectory() && entry.uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // They take space only.
  }
}
