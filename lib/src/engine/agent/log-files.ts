import { join } from 'node:path';
import { LogFile, logFileName } from './log-file.js';

/** So many files of ended processes stay, and of these so many bytes. The file of the process that ended last always stays. */
const ENDED_KEPT = 100;
const ENDED_BYTES = 256 * 1024 * 1024;

/** The log files of one node's processes, by the processes' labels. Several processes may have the same label, and so the same file. */
export class LogFiles {
  readonly #folder: string;
  readonly #open = new Map<string, LogFile>();
  /** The files of processes that have ended, with their sizes, by path. The one that ended first is the first. */
  readonly #ended = new Map<string, { readonly file: LogFile; readonly bytes: number }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  line(label: string, text: string): void {
    this.#file(label).line(text);
  }

  /** The process has another label from now on. */
  rename(label: string, to: string): void {
    const file = this.#open.get(label);
    if (file === undefined) return;
    file.moveTo(this.#path(to));
    this.#open.delete(label);
    this.#open.set(to, file);
  }

  /** No process has this label any more. Removes files of those that ended long ago, because each replica has one of its own. */
  async ended(label: string): Promise<void> {
    const file = this.#open.get(label);
    if (file === undefined) return;
    this.#open.delete(label);
    await file.close();
    if (this.#isOpen(file.path)) return;
    this.#ended.delete(file.path);
    this.#ended.set(file.path, { file, bytes: file.size() });
    let all = [...this.#ended.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [path, { file: oldest, bytes }] of this.#ended) {
      if (path === file.path || (this.#ended.size <= ENDED_KEPT && all <= ENDED_BYTES)) return;
      this.#ended.delete(path);
      all -= bytes;
      oldest.remove();
    }
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((file) => file.close()));
  }

  #file(label: string): LogFile {
    const existing = this.#open.get(label);
    if (existing !== undefined) return existing;
    const file = new LogFile(this.#path(label));
    this.#open.set(label, file);
    // An earlier process had the same label. Its lines are in the file.
    this.#ended.delete(file.path);
    return file;
  }

  #isOpen(path: string): boolean {
    return [...this.#open.values()].some((file) => file.path === path);
  }

  #path(label: string): string {
    return join(this.#folder, logFileName(label));
  }
}
