import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface SaidState {
  readonly texts: Set<string>;
  /** A folder that several processes share, and what the texts are about. */
  place: { readonly folder: string; readonly about: string } | null;
}

const KEY = Symbol.for('nbserve.said');
/** All copies of this module share it: user code may bring a copy of its own. */
const shared = globalThis as { [KEY]?: SaidState };
const state: SaidState = shared[KEY] ?? { texts: new Set(), place: null };
shared[KEY] = state;

/** From now on, a text about the same thing is new only for the first of the processes that share this folder. */
export function shareWhatIsSaid(folder: string, about: string): void {
  state.place = { folder, about };
}

/** True if nobody has said this text yet, in this process or in one that shares a folder with it. From then on it is said. */
export function isNews(text: string): boolean {
  if (state.texts.has(text)) return false;
  state.texts.add(text);
  if (state.place === null) return true;
  const { folder, about } = state.place;
  const name = createHash('sha256').update(`${about}\0${text}`).digest('hex');
  try {
    mkdirSync(folder, { recursive: true });
    // Only one process can make the file.
    writeFileSync(join(folder, name), '', { flag: 'wx' });
    return true;
  } catch (error) {
    // If the folder cannot be written to, it is better to say it twice than never.
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}
