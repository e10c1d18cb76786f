import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { shortId } from '../../core/index.js';
import { BlobMismatch, InvalidBlobName } from './errors.js';

const NAME = /^[0-9a-f]{64}$/;

/** Code and values of the cluster: files named by the sha256 of their bytes, complete or not there at all. */
export class BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async has(hash: string): Promise<boolean> {
    return stat(this.#path(hash)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** Which of these are not there. @throws NBS_INVALID_BLOB_NAME */
  async missing(hashes: readonly string[]): Promise<string[]> {
    const found = await Promise.all(hashes.map((hash) => this.has(hash)));
    return hashes.filter((_, i) => !found[i]);
  }

  get(hash: string): Promise<Buffer> {
    return readFile(this.#path(hash));
  }

  /** Stores bytes; resolves with their name. */
  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (await this.has(hash)) return hash;
    const writer = await this.write(hash);
    await writer.add(bytes);
    await writer.commit();
    return hash;
  }

  /** Begins a blob whose bytes come in pieces. @throws NBS_INVALID_BLOB_NAME */
  async write(hash: string): Promise<BlobWriter> {
    const path = this.#path(hash);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `.${hash.slice(0, 16)}.${shortId()}.tmp`);
    return new BlobWriter(hash, path, temporary, await open(temporary, 'wx', 0o600));
  }

  #path(hash: string): string {
    if (!NAME.test(hash)) throw InvalidBlobName({ name: JSON.stringify(hash) ?? 'undefined' });
    return join(this.#folder, hash);
  }
}

/** One blob on its way to disk. End it with `commit` or `abort`. */
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

  /** Checks the bytes against the name and puts the blob in its place. @throws NBS_BLOB_MISMATCH */
  async commit(): Promise<void> {
    const actual = this.#sha256.digest('hex');
    if (actual !== this.hash) {
      await this.abort();
      throw BlobMismatch({ expected: this.hash, actual });
    }
    await this.file.sync();
    await this.file.close();
    await rename(this.temporary, this.path);
  }

  async abort(): Promise<void> {
    await this.file.close();
    await rm(this.temporary, { force: true });
  }
}
