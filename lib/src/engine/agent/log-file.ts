import { closeSync, openSync, renameSync, write } from 'node:fs';

const ROTATE_BYTES = 16 * 1024 * 1024;

/**
 * A log file that is appended to without blocking. Past 16 MiB it becomes `<path>.1` and begins anew.
 * A full disk costs the lines of that time and nothing else.
 */
export class LogFile {
  #path: string;
  #fd: number | null = null;
  #queue: string[] = [];
  #writing = false;
  #bytes = 0;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  line(text: string): void {
    if (this.#closed) return;
    this.#queue.push(`${text}\n`);
    this.#drain();
  }

  /** From now on it has this path, with the lines that it holds. */
  moveTo(path: string): void {
    if (this.#fd !== null) {
      try {
        renameSync(this.#path, path);
      } catch {
        // Somebody removed it: lines go on into the open file, as they did.
      }
    }
    this.#path = path;
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#writing) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #drain(): void {
    if (this.#writing) return;
    if (this.#queue.length === 0) {
      this.#whenIdle?.();
      return;
    }
    const bytes = Buffer.from(this.#queue.join(''));
    this.#queue = [];
    const fd = this.#open();
    // No file (a full disk): these lines are lost, later ones may not be.
    if (fd === null) return;
    this.#writing = true;
    write(fd, bytes, 0, bytes.length, null, (_error, written = 0) => {
      this.#bytes += written;
      this.#writing = false;
      this.#drain();
    });
  }

  #open(): number | null {
    try {
      if (this.#fd !== null && this.#bytes > ROTATE_BYTES) {
        closeSync(this.#fd);
        this.#fd = null;
        renameSync(this.#path, `${this.#path}.1`);
        this.#bytes = 0;
      }
      this.#fd ??= openSync(this.#path, 'a', 0o600);
      return this.#fd;
    } catch {
      return null;
    }
  }
}

/** A label as a file name: `Chat#k3f9` stays, what a path could be made of does not. */
export function logFileName(label: string): string {
  return `${label
    .replace(/[^\w#.@-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100)}.log`;
}
