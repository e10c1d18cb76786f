import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, markProcess } from '../core/index.js';

const NAME = /^nbserve-data-(?<place>\d+)-(?<pid>\d+)-(?<start>\d+)-/;

/** Makes a private folder for rows that do not fit into memory. It ends with the process. Folders of processes that were killed are removed. */
export function makeSpillFolder(): string {
  const place = placeOfPids();
  removeLeft(place);
  const { pid, start } = markProcess(process.pid);
  const folder = mkdtempSync(join(tmpdir(), `nbserve-data-${place}-${pid}-${start ?? 0}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Containers may share the folder for temporary files. A process of another container seems to have ended, because its pid means something else here. */
function placeOfPids(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function removeLeft(here: string): void {
  try {
    for (const name of readdirSync(tmpdir())) {
      const { place, pid, start } = NAME.exec(name)?.groups ?? {};
      if (place !== here || isAlive({ pid: Number(pid), start: start === '0' ? null : (start as string) })) continue;
      const folder = join(tmpdir(), name);
      const entry = lstatSync(folder);
      if (entry.isDirectory() && entry.uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // They take space only.
  }
}
