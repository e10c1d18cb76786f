import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HASH_SEED, murmur2 } from './code-hash.js';

/** Clients name a cell's source by this prefix, the hash of its code, and this suffix. No such file is written. */
export const SOURCE_NAMES = {
  hashMethod: 'Murmur2',
  hashSeed: HASH_SEED,
  tmpFilePrefix: join(tmpdir(), `nbserve_${process.pid}_`),
  tmpFileSuffix: '.ts',
} as const;

/** The path by which clients name the source of a cell. */
export const pathOfCode = (code: string): string => `${SOURCE_NAMES.tmpFilePrefix}${murmur2(code)}${SOURCE_NAMES.tmpFileSuffix}`;

/** `cell[3].ts`, or `cell[3.1].ts` for a source that the cell runs by `%run`. */
export const CELL = /^cell\[\d+(?:\.\d+)?\]\.ts$/;

/** The sources of the notebook's cells, for all processes that are debugged. */
export class Sources {
  readonly #cells: () => Promise<readonly (readonly [string, string])[]>;
  /** The source of each path that a client may use. */
  readonly #byPath = new Map<string, string>();
  readonly #pathOfCell = new Map<string, string>();

  /** @param cells gives the cells that ran, as [id, source] */
  constructor(cells: () => Promise<readonly (readonly [string, string])[]>) {
    this.#cells = cells;
  }

  /** Notes the source of a cell that may run later. @returns its path */
  dump(code: string): string {
    const path = pathOfCode(code);
    this.#byPath.set(path, code);
    return path;
  }

  source(path: string): string | undefined {
    return this.#byPath.get(path);
  }

  /** Learns the cells that ran until now. */
  async learn(): Promise<void> {
    for (const [id, source] of await this.#cells()) this.#pathOfCell.set(id, this.dump(source));
  }

  /** The path of the source of a cell that has run. */
  pathOfCell(id: string): string | undefined {
    return this.#pathOfCell.get(id);
  }
}
