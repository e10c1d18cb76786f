import { closeSync, openSync, renameSync, rmSync, statSync, write } from 'node:fs';

const ROTATE_BYTES = 16 * 1024 * 1024;

/**
 * A log file, to which lines are appended without blocking. At 16 MiB it is renamed to `<path>.1`, and a new file begins; the next time, the older one is lost.
 * While the disk is full, lines are lost, and nothing else happens.
 */
export class LogFile {
  #path: string;
  #fd: number | undefined;
  #queue: string[] = [];
  #writing = false;
  #bytes = 0;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** The bytes of the file and of the one before it. */
  size(): number {
    return this.#both().reduce((sum, path) => sum + sizeOf(path), 0);
  }

  /** Removes the file, which must be closed, and the one before it. */
  remove(): void {
    for (const path of this.#both()) {
      try {
        rmSync(path, { force: true });
      } catch {
        // Then it stays until the cluster's folder is removed.
      }
    }
  }

  #both(): readonly string[] {
    return [this.#path, `${this.#path}.1`];
  }

  line(text: string): void {
    if (this.#closed) return;
    this.#queue.push(`${text}\n`);
    this.#drain();
  }

  /** Renames the file, with the lines in it. */
  moveTo(path: string): void {
    if (this.#fd !== undefined) {
      try {
        renameSync(this.#path, path);
        renameSync(`${this.#path}.1`, `${path}.1`);
      } catch {
        // There is no older one, or somebody has removed the file. Then lines still go into the open file.
      }
    }
    this.#path = path;
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#writing) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
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
    // There is no file, because the disk is full. These lines are lost; later ones may not be.
    if (fd === undefined) return;
    this.#writing = true;
    write(fd, bytes, 0, bytes.length, null, (_error, written = 0) => {
      this.#bytes += written;
      this.#writing = false;
      this.#drain();
    });
  }

  #open(): number | undefined {
    try {
      if (this.#fd !== undefined && this.#bytes > ROTATE_BYTES) {
        closeSync(this.#fd);
        this.#fd = undefined;
        renameSync(this.#path, `${this.#path}.1`);
        this.#bytes = 0;
      }
      this.#fd ??= openSync(this.#path, 'a', 0o600);
      return this.#fd;
    } catch {
      return undefined;
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** Makes a file name from a label. `Chat#k3f9` does not change; characters that could make a path are replaced. */
export function logFileName(label: string): string {
  return `${label
    .replace(/[^\w#.@-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100)}.log`;
}
