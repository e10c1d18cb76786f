import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/** How many hexadecimal digits of a signature are remembered. Nobody can make a second message with the same digits. */
const DIGITS = 32;

/** Remembers the signatures of the last messages, so that a recorded message is not accepted again, neither by this kernel nor by the next one with the same key. */
export class ReplayGuard {
  readonly #limit: number;
  readonly #file: string | undefined;
  /** The file, open for appending. */
  #fd: number | undefined;
  #recent = new Set<string>();
  #older = new Set<string>();

  /**
   * @param limit how many signatures are remembered at least; at most, it is twice as many
   * @param file keeps them over restarts; if it cannot be read or written, only the memory is used
   */
  constructor(limit = 1 << 16, file?: string) {
    this.#limit = limit;
    this.#file = file;
    for (const signature of this.#read()) this.#remember(signature);
  }

  /** False if this signature was seen before. */
  admit(signature: string): boolean {
    const start = signature.slice(0, DIGITS);
    if (this.#recent.has(start) || this.#older.has(start)) return false;
    const turned = this.#remember(start);
    if (this.#file === undefined) return true;
    try {
      if (turned) this.#rewrite(this.#file);
      else {
        this.#fd ??= openSync(this.#file, 'a', 0o600);
        writeSync(this.#fd, `${start}\n`);
      }
    } catch {
      // The signatures in memory remain.
    }
    return true;
  }

  /** @returns true if the oldest were forgotten */
  #remember(signature: string): boolean {
    this.#recent.add(signature);
    if (this.#recent.size < this.#limit) return false;
    this.#older = this.#recent;
    this.#recent = new Set();
    return true;
  }

  #read(): readonly string[] {
    if (this.#file === undefined) return [];
    try {
      return readFileSync(this.#file, 'latin1')
        .split('\n')
        .filter((line) => line.length === DIGITS);
    } catch {
      return [];
    }
  }

  #rewrite(file: string): void {
    writeFileSync(`${file}.new`, [...this.#older, ...this.#recent, ''].join('\n'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
