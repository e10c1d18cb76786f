import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { duringStart } from '../core/index.js';
import { builderOf } from './build.js';
import { assetCache, datasetsFolder } from './dataset-path.js';
import { AssetMismatch, AssetUnavailable, DatasetNotFound } from './errors.js';
import { keepFile } from './keep-file.js';
import { type Asset, readManifest } from './manifest.js';
import { describeSource, PackageReader, sha256 } from './package-reader.js';

export type AssetState = 'ready' | 'missing' | 'damaged';

export interface AssetStatus {
  readonly asset: Asset;
  readonly path: string;
  readonly state: AssetState;
}

/** What happens while assets are fetched. */
export interface AssetEvent {
  readonly asset: Asset;
  readonly kind: 'download' | 'build' | 'ready' | 'source-failed';
  readonly text: string;
}

/** The assets of a `datasets/` folder. */
export class Assets {
  readonly #packages = new PackageReader();
  readonly all: readonly Asset[];

  readonly #converters: string | undefined;

  /** @throws NBS_MANIFEST_INVALID */
  constructor(readonly folder: string) {
    const { assets, converters } = readManifest(join(folder, 'manifest.json'));
    this.all = assets;
    this.#converters = converters === undefined ? undefined : resolve(folder, converters);
  }

  /** @throws NBS_DATASET_NOT_FOUND if there is no `datasets/` folder in `from` or above it */
  static find(from?: string): Assets {
    const folder = datasetsFolder(from);
    if (folder === undefined)
      throw DatasetNotFound({
        name: 'datasets/manifest.json',
        reason: `it is in no folder above ${from ?? process.cwd()}`,
        valid: 'run this in the repository',
      });
    return new Assets(folder);
  }

  /**
   * The assets with these names, or below these folders (`mnist`); all assets if no name is given.
   * @throws NBS_DATASET_NOT_FOUND
   */
  select(names: readonly string[]): readonly Asset[] {
    for (const name of names) {
      if (!this.all.some((asset) => matches(asset, name))) {
        throw DatasetNotFound({
          name,
          reason: 'the manifest does not name it',
          valid: `there are ${this.all.map((asset) => asset.name).join(', ')}`,
        });
      }
    }
    return names.length === 0 ? this.all : this.all.filter((asset) => names.some((name) => matches(asset, name)));
  }

  /** The absolute path of an asset, in the repository or in the cache. */
  pathOf(asset: Asset): string {
    return join(asset.committed ? this.folder : assetCache(), asset.name);
  }

  /** Compares an asset's bytes with the sha256 in the manifest. */
  async check(asset: Asset): Promise<AssetStatus> {
    const path = this.pathOf(asset);
    if (!existsSync(path)) return { asset, path, state: 'missing' };
    return { asset, path, state: sha256(await readFile(path)) === asset.sha256 ? 'ready' : 'damaged' };
  }

  /**
   * Makes an asset's bytes from the first source that gives them. It writes no file.
   * @throws NBS_ASSET_UNAVAILABLE with the reason of each source; NBS_NO_CONVERTER
   */
  async make(asset: Asset, onEvent: (event: AssetEvent) => void = () => {}): Promise<Uint8Array> {
    const build = await builderOf(asset, this.#converters);
    const reasons: string[] = [];
    for (const source of asset.sources) {
      try {
        const read = () => this.#packages.read(source, (text) => onEvent({ asset, kind: 'download', text }));
        const bytes = await duringStart(`the download of ${asset.name}`, read);
        onEvent({ asset, kind: 'build', text: `${asset.builder.kind} of ${describeSource(source)}` });
        const built = await build(bytes);
        const actual = sha256(built);
        if (actual !== asset.sha256) throw AssetMismatch({ name: asset.name, actual, expected: asset.sha256 });
        return built;
      } catch (error) {
        const text = `${describeSource(source)}: ${(error as Error).message}`;
        onEvent({ asset, kind: 'source-failed', text });
        reasons.push(text);
      }
    }
    throw AssetUnavailable({ name: asset.name, reasons: reasons.join('; ') || 'it has none' });
  }

  /**
   * Makes an asset and writes its file, unless the file is there already; with `force` in any case.
   * @returns the absolute path of its file
   * @throws NBS_ASSET_UNAVAILABLE, NBS_NO_CONVERTER, NBS_ASSET_NOT_KEPT
   */
  async fetch(
    asset: Asset,
    options: { readonly force?: boolean; readonly onEvent?: (event: AssetEvent) => void } = {},
  ): Promise<string> {
    const { path, state } = await this.check(asset);
    // What was made by hand cannot be made again.
    if (state !== 'ready' || (options.force === true && asset.builder.kind !== 'by-hand')) {
      const bytes = await this.make(asset, options.onEvent);
      await keepFile(asset, path, bytes);
    }
    options.onEvent?.({ asset, kind: 'ready', text: path });
    return path;
  }
}

const matches = (asset: Asset, name: string): boolean =>
  asset.name === name || asset.name.startsWith(`${name.replace(/\/$/, '')}/`);
