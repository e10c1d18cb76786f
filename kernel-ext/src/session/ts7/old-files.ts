import { basename, dirname, join } from 'node:path';
import type { TypeServer } from './type-server.js';

/** A file beside the notebook as it was when cells imported it. */
export interface SeenFile {
  readonly modifiedMs: number;
  readonly text: string;
  /** The files that its imports mean, also imports of types: specifier → path. */
  readonly uses: ReadonlyMap<string, string>;
}

const SPECIFIER = /(\b(?:from|import|require)\s*\(?\s*)(['"])([^'"\n]+)\2/g;

/** What a file may import. A text or a comment that looks like an import counts too. */
export const specifiersOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(SPECIFIER)].map(([, , , specifier]) => specifier as string));

/**
 * Copies, in memory, of files that have changed since cells imported them. The values that such a cell has imported are still those of the old file, so its
 * module imports the copy until the cell runs again.
 */
export class OldFiles {
  readonly #server: TypeServer;
  readonly #copies = new Map<string, Pick<SeenFile, 'text' | 'uses'>>();
  #changes = 0;

  constructor(server: TypeServer) {
    this.#server = server;
  }

  /** Makes copies of files that have changed and of files that import them. @returns path → copy */
  keep(old: ReadonlyMap<string, SeenFile>): ReadonlyMap<string, string> {
    this.#changes += 1;
    const copyOf = new Map(
      [...old.keys()].map((path) => [path, join(dirname(path), `__nbs_was${this.#changes}_${basename(path)}`)]),
    );
    // A file that did not change earlier may have changed now.
    for (const [path, copy] of this.#copies) this.#write(path, copy, copyOf);
    for (const [path, file] of old) this.#write(copyOf.get(path) as string, file, copyOf);
    return copyOf;
  }

  /** Removes the copies that are not needed. @param used those that cells import */
  forgetOthers(used: Iterable<string>): void {
    const needed = new Set<string>();
    const need = (path: string): void => {
      if (needed.has(path)) return;
      needed.add(path);
      for (const next of specifiersOf(this.#copies.get(path)?.text ?? '')) if (this.#copies.has(next)) need(next);
    };
    for (const path of used) need(path);
    for (const path of this.#copies.keys()) {
      if (needed.has(path)) continue;
      this.#copies.delete(path);
      this.#server.remove(path);
    }
  }

  #write(path: string, { text, uses }: Pick<SeenFile, 'text' | 'uses'>, copyOf: ReadonlyMap<string, string>): void {
    const changed = text.replaceAll(SPECIFIER, (all, before: string, quote: string, specifier: string) => {
      const copy = copyOf.get(uses.get(specifier) ?? '');
      return copy === undefined ? all : `${before}${quote}${copy}${quote}`;
    });
    this.#copies.set(path, { text: changed, uses });
    this.#server.set(path, changed);
  }
}
