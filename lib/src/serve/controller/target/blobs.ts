import { createHash, type Hash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, shortId, systemClock } from '../../../core/index.js';
import { BlobMismatch, InvalidBlobName } from './errors.js';

const NAME = /^[0-9a-f]{64}$/;

/** Code and values of the cluster, as files that are named by the sha256 of their bytes. A file is either complete or absent. */
export class BlobStore {
  readonly #folder: string;
  readonly #clock: Pick<Clock, 'now'>;
  /** The time at which each blob was last written or asked for, in this process. */
  readonly #wantedAt = new Map<string, number>();
  readonly #removing = new Map<string, Promise<void>>();

  constructor(folder: string, clock: Pick<Clock, 'now'> = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Notes that the blob is needed now; returns the time. */
  want(hash: string): number {
    const now = this.#clock.now();
    this.#wantedAt.set(hash, now);
    return now;
  }

  async has(hash: string): Promise<boolean> {
    const path = this.#path(hash);
    this.want(hash);
    await this.#removing.get(hash);
    return stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** The blobs of this list that do not exist. @throws NBS_INVALID_BLOB_NAME */
  async missing(hashes: readonly string[]): Promise<string[]> {
    const found = await Promise.all(hashes.map((hash) => this.has(hash)));
    return hashes.filter((_, i) => !found[i]);
  }

  get(hash: string): Promise<Buffer> {
    return readFile(this.#path(hash));
  }

  /** Stores bytes; resolves with the name of the blob. */
  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (await this.has(hash)) return hash;
    const writer = await this.write(hash);
    try {
      await writer.add(bytes);
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await writer.commit();
    return hash;
  }

  /** Begins a blob whose bytes arrive in pieces. @throws NBS_INVALID_BLOB_NAME */
  async write(hash: string): Promise<BlobWriter> {
    const path = this.#path(hash);
    this.want(hash);
    await this.#removing.get(hash);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `.${hash.slice(0, 16)}.${shortId()}.tmp`);
    return new BlobWriter(hash, path, temporary, await open(temporary, 'wx', 0o600));
  }

  /** The names of all blobs. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => NAME.test(name));
  }

  /**
   * Removes a blob that nobody has asked for after `since`. Code that asks for it meanwhile gets the answer that it does not exist.
   * @returns the time at which it was last asked for; `null` if it was removed
   */
  async removeUnwanted(hash: string, since: number): Promise<number | null> {
    const wantedAt = this.#wantedAt.get(hash) ?? this.want(hash);
    if (wantedAt > since) return wantedAt;
    const removing = rm(this.#path(hash), { force: true });
    const over = removing.then(
      () => {},
      () => {},
    );
    this.#wantedAt.delete(hash);
    this.#removing.set(hash, over);
    void over.then(() => this.#removing.delete(hash));
    await removing;
    return null;
  }

  /** Removes unfinished uploads of an earlier controller that has ended. To be called only before the first upload. */
  removeUnfinished(): void {
    try {
      for (const name of readdirSync(this.#folder)) if (name.endsWith('.tmp')) rmSync(join(this.#folder, name), { force: true });
    } catch {
      // The folder does not exist yet or cannot be read. In the second case, uploads will report it.
    }
  }

  #path(hash: string): string {
    if (!NAME.test(hash)) throw InvalidBlobName({ name: JSON.stringify(hash) ?? 'undefined' });
    return join(this.#folder, hash);
  }
}

/** A blob that is being written. End it with `commit` or `abort`, also if `add` has failed. */
export class BlobWriter {
  readonly #sha256: Hash = createHash('sha256');

  constructor(
    readonly hash: string,
    readonly path: string,
    readonly temporary: string,
    readonly file: FileHandle,
  ) {}

  async add(chunk: Uint8Array): Promise<void> {
    this.#sha256.update(chunk);
    await this.file.writeFile(chunk);
  }

  /** Checks the bytes against the name and moves the blob to its place. If that fails, nothing of it stays. @throws NBS_BLOB_MISMATCH */
  async commit(): Promise<void> {
    try {
      const actual = this.#sha256.digest('hex');
      if (actual !== this.hash) throw BlobMismatch({ expected: this.hash, actual });
      await this.file.sync();
      await this.file.close();
      await rename(this.temporary, this.path);
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  /** Never rejects: the error because of which the blob is given up is the one to be told. */
  async abort(): Promise<void> {
    await this.file.close().catch(() => {});
    await rm(this.temporary, { force: true }).catch(() => {});
  }
}
