import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/** How many hexadecimal digits of a signature are remembered. Nobody can make a second message with the same digits. */
const DIGITS = 32;

/** Remembers the signatures of the last messages, so that a recorded message is not accepted again, neither by this kernel nor by the next one with the same key. */
export class ReplayGuard {
  readonly #limit: number;
  readonly #file: string | undefined;
  /** The file, open for appending. */
  #fd: number | undefined;
  readonly #later: (work: () => void) => void;
  /** The file has signatures that were forgotten. */
  #mustRewrite = false;
  /** Signatures that are not in the file yet. */
  #unwritten: string[] = [];
  #recent = new Set<string>();
  #older = new Set<string>();

  /**
   * @param limit how many signatures are remembered at least; at most, it is twice as many
   * @param file keeps them over restarts; if it cannot be read or written, only the memory is used
   * @param later writes the file when the message was passed on, which need not wait for that
   */
  constructor(limit = 1 << 16, file?: string, later: (work: () => void) => void = (work) => work()) {
    this.#limit = limit;
    this.#file = file;
    this.#later = later;
    for (const signature of this.#read()) this.#remember(signature);
  }

  /** False if this signature was seen before. */
  admit(signature: string): boolean {
    const start = signature.slice(0, DIGITS);
    if (this.#recent.has(start) || this.#older.has(start)) return false;
    if (this.#remember(start)) this.#mustRewrite = true;
    if (this.#file === undefined) return true;
    this.#unwritten.push(start);
    if (this.#unwritten.length === 1) this.#later(() => this.#write(this.#file as string));
    return true;
  }

  #write(file: string): void {
    const lines = this.#unwritten.splice(0);
    try {
      if (this.#mustRewrite) this.#rewrite(file);
      else {
        this.#fd ??= openSync(file, 'a', 0o600);
        writeSync(this.#fd, `${lines.join('\n')}\n`);
      }
    } catch {
      // The signatures in memory remain.
    }
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
    this.#mustRewrite = false;
    writeFileSync(`${file}.new`, [...this.#older, ...this.#recent, ''].join('\n'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
