import { randomBytes } from 'node:crypto';
import { closeSync, openSync, realpathSync, renameSync, rmSync, type Stats, statSync, writeSync } from 'node:fs';
import { CannotWrite, reasonOf } from './errors.js';
import { type Notebook, notebookText } from './notebook-file.js';

/** The notebook file to write. It is checked before anything runs, and is written completely or not at all. */
export class OutputFile {
  readonly #file: string;
  /** The file that is replaced. If the path is a link, it is the link's target. */
  readonly #target: string;
  readonly #before: Stats | undefined;

  /** @throws NBS_CANNOT_WRITE */
  constructor(file: string) {
    this.#file = file;
    try {
      this.#before = statSync(file, { throwIfNoEntry: false });
      this.#target = this.#before === undefined ? file : realpathSync(file);
      if (this.#before?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR' });
      // A device or a pipe is not opened as a check, because opening waits for a reader.
      if (this.#before?.isFile() === false) return;
      const trial = this.#path();
      closeSync(openSync(trial, 'wx'));
      rmSync(trial);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** True if a write replaces the file, and false if it appends to a device or a pipe. */
  get isReplaced(): boolean {
    return this.#before === undefined || this.#before.isFile();
  }

  /** @throws NBS_CANNOT_WRITE */
  write(notebook: Notebook): void {
    const path = this.#path();
    try {
      const fd = openSync(path, path === this.#target ? 'w' : 'wx', this.#before?.mode ?? 0o666);
      try {
        for (const text of notebookText(notebook)) writeAll(fd, Buffer.from(text));
      } finally {
        closeSync(fd);
      }
      if (path !== this.#target) renameSync(path, this.#target);
    } catch (error) {
      if (path !== this.#target) rmSync(path, { force: true });
      throw this.#failed(error);
    }
  }

  /** The file to write: a new one beside the target. A device or a pipe is written directly. */
  #path(): string {
    if (!this.isReplaced) return this.#target;
    return `${this.#target}.${randomBytes(4).toString('hex')}.tmp`;
  }

  #failed(error: unknown): Error {
    return CannotWrite({ file: this.#file, reason: reasonOf(error) }, error);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
