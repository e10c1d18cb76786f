import { readFileSync } from 'node:fs';
import type { HubFile } from '../downloads/index.js';
import { InvalidManifest } from './errors.js';

/** A file in a package of a registry. The version is fixed, so the bytes never change. */
export interface RegistrySource {
  readonly registry: 'npm' | 'pypi';
  readonly package: string;
  readonly version: string;
  /** The file name of the wheel, if the registry is PyPI. */
  readonly wheel?: string;
  /** Path inside the package. */
  readonly path: string;
  /** sha256 of that file. */
  readonly sha256: string;
}

/** A file of the Hugging Face hub. It is used as it is, without a conversion, so its bytes are not those of {@link Asset.sha256}. */
export interface HubSource extends HubFile {
  /** Its licence, if it is not the asset's. */
  readonly licence?: string;
  readonly credit?: string;
}

/** A place that an asset is fetched from. */
export type Source = RegistrySource | HubSource;

/** The two origins of assets. */
export type SourceKind = 'hub' | 'registry';

export const kindOf = (source: Source): SourceKind => ('hub' in source ? 'hub' : 'registry');

/**
 * How an asset is made from its source. A converter is a function of the module that {@link Manifest.converters} names.
 * What is made by hand is committed and has no source.
 */
export type Builder =
  | { readonly kind: 'copy' }
  | { readonly kind: 'by-hand' }
  | { readonly kind: 'idx-head'; readonly count: number }
  | { readonly kind: 'converter'; readonly name: string };

/** One file that lessons use. */
export interface Asset {
  /** Its path below `datasets/`, which is its name. */
  readonly name: string;
  readonly description: string;
  /** The SPDX identifier of its licence. */
  readonly licence: string;
  readonly credit: string;
  /** True if it is in the repository; false if it is fetched into the cache. */
  readonly committed: boolean;
  /** 0 if only the hub knows it. */
  readonly bytes: number;
  /** '' for what only the hub has: then the digest that the hub gives is compared, and kept for later. */
  readonly sha256: string;
  readonly builder: Builder;
  /** Those of one kind are tried in this order. */
  readonly sources: readonly Source[];
}

/** What `datasets/manifest.json` contains. */
export interface Manifest {
  readonly schemaVersion: 1;
  /** The module that has the converters, as a path from the folder of the manifest. `npm run build` makes it. */
  readonly converters?: string;
  readonly assets: readonly Asset[];
}

/** True for a path that leads to a file below `datasets/` and nowhere else. */
export const isAssetName = (name: unknown): name is string =>
  typeof name === 'string' &&
  !name.includes('\0') &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const isRepository = (name: unknown): boolean => typeof name === 'string' && /^[\w.-]+\/[\w.-]+$/.test(name);

const builders = ['copy', 'by-hand', 'idx-head', 'converter'];

/** @throws NBS_MANIFEST_INVALID */
export function readManifest(path: string): Manifest {
  const fail = (reason: string, cause?: unknown) => InvalidManifest({ path, reason }, cause);
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Partial<Manifest>;
  } catch (error) {
    throw fail((error as Error).message, error);
  }
  if (manifest.schemaVersion !== 1) throw fail(`its schemaVersion is ${String(manifest.schemaVersion)}, this version reads 1`);
  if (!Array.isArray(manifest.assets)) throw fail('it has no assets');
  for (const asset of manifest.assets as readonly Asset[]) {
    const { name, sha256, builder, sources } = asset;
    if (!isAssetName(name)) throw fail(`${JSON.stringify(name)} is not a path below datasets/`);
    const isOfHubOnly = sha256 === '' && Array.isArray(sources) && sources.length > 0 && sources.every((one) => 'hub' in one);
    if (!/^[0-9a-f]{64}$/.test(sha256) && !isOfHubOnly) throw fail(`the sha256 of ${name} is not 64 hex digits`);
    if (!builders.includes(builder?.kind)) throw fail(`the builder of ${name} is not one of ${builders.join(', ')}`);
    if (builder.kind === 'idx-head' && !(Number.isSafeInteger(builder.count) && builder.count > 0))
      throw fail(`the builder of ${name} has the count ${String(builder.count)}; it must be a positive integer`);
    if (builder.kind === 'converter' && (typeof builder.name !== 'string' || typeof manifest.converters !== 'string'))
      throw fail(`the converter of ${name} needs a name, and the manifest needs a path in converters`);
    if (!Array.isArray(sources)) throw fail(`${name} has no sources`);
    for (const source of sources) {
      // These become a part of an address.
      if ('hub' in source && !(isRepository(source.hub) && isAssetName(source.path) && isAssetName(source.revision)))
        throw fail(`a source of ${name} has no hub such as owner/name, no revision or no path`);
    }
  }
  return manifest as Manifest;
}
