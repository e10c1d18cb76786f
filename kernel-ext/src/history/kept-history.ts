import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** How large the files of all sessions together may be. The oldest are removed first. */
const MAX_BYTES = 8 * 1024 * 1024;
/** How large the file of one session may be. Later cells of it are not kept. */
const MAX_SESSION_BYTES = 2 * 1024 * 1024;
/** How many sessions are kept. */
const MAX_SESSIONS = 500;
/** When old files are removed: not while the first cell runs. */
const PRUNE_MS = 2000;

const FILE = /^(\d+)\.jsonl$/;

/** The file of this session. */
interface Own {
  readonly session: number;
  readonly fd: number;
  bytes: number;
}

/** Whether a file of the folder is one of these, by its name. */
export const isHistoryFile = (name: string): boolean => FILE.test(name);

export interface KeptCell {
  readonly session: number;
  readonly line: number;
  readonly source: string;
}

/** The cells of all kernels of this user, with one file for each session. What cannot be read or written is left out. */
export class KeptHistory {
  readonly #folder: string;
  /** The own file, once a cell has run; null if it cannot be written. */
  #own: Own | null | undefined;
  /** The number of the newest session, if it was looked for before the first cell. */
  #newest: number | undefined;

  /** @param folder '' keeps nothing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The number of this session; undefined until a cell has run. Questions about the history make no file. */
  get session(): number | undefined {
    return this.#own === undefined ? undefined : (this.#own?.session ?? 1);
  }

  /** Looks for earlier sessions, so that the first cell need not. It makes no file. */
  prepare(): void {
    this.#newest ??= this.#newestKept();
  }

  #newestKept(): number {
    return this.#folder === '' ? 0 : (this.#sessions().at(-1) ?? 0);
  }

  /** @returns the number of this session, which is one more than that of the last */
  add(line: number, source: string): number {
    const own = this.#claimed();
    if (own !== null) this.#write(own, line, source);
    return own?.session ?? 1;
  }

  #write(own: Own, line: number, source: string): void {
    const text = `${JSON.stringify([line, source])}\n`;
    own.bytes += Buffer.byteLength(text);
    if (own.bytes > MAX_SESSION_BYTES) return;
    try {
      writeSync(own.fd, text);
    } catch {
      // The disk is full.
    }
  }

  /** The numbers of the earlier sessions, in their order. */
  earlier(): number[] {
    const { session = Number.POSITIVE_INFINITY } = this;
    return this.#sessions().filter((one) => one < session);
  }

  /** The cells of an earlier session. */
  cells(session: number): KeptCell[] {
    try {
      return readFileSync(this.#file(session), 'utf8')
        .split('\n')
        .flatMap((text) => kept(session, text));
    } catch {
      return [];
    }
  }

  #claimed(): Own | null {
    if (this.#own === undefined) this.#own = this.#claim();
    return this.#own;
  }

  #claim(): Own | null {
    if (this.#folder === '') return null;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      // Another kernel may have begun since then, and has the number.
      let session = (this.#newest ?? this.#newestKept()) + 1;
      for (;;) {
        const fd = this.#create(session);
        if (fd !== undefined) {
          setTimeout(() => this.#prune(), PRUNE_MS).unref();
          return { session, fd, bytes: 0 };
        }
        session += 1;
      }
    } catch {
      return null;
    }
  }

  /** @returns undefined if another kernel has this number */
  #create(session: number): number | undefined {
    try {
      return openSync(this.#file(session), 'ax', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
  }

  #prune(): void {
    let [bytes, count] = [0, 0];
    for (const session of this.#sessions().reverse()) {
      try {
        bytes += statSync(this.#file(session)).size;
        count += 1;
        if (session !== this.#own?.session && (bytes > MAX_BYTES || count > MAX_SESSIONS)) rmSync(this.#file(session));
      } catch {
        // Another kernel has removed it.
      }
    }
  }

  #sessions(): number[] {
    try {
      const found = readdirSync(this.#folder).map((name) => Number(FILE.exec(name)?.[1]));
      return found.filter((session) => Number.isSafeInteger(session)).sort((a, b) => a - b);
    } catch {
      return [];
    }
  }

  #file(session: number): string {
    return join(this.#folder, `${session}.jsonl`);
  }
}

/** The cell in a line of a file; none if the line was written half. */
function kept(session: number, text: string): KeptCell[] {
  try {
    const [line, source] = JSON.parse(text) as [unknown, unknown];
    return typeof line === 'number' && typeof source === 'string' ? [{ session, line, source }] : [];
  } catch {
    return [];
  }
}
