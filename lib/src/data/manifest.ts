import { readFileSync } from 'node:fs';
import { InvalidManifest } from './errors.js';

/** A file in a package of a registry. The version is fixed, so the bytes never change. */
export interface Source {
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
  readonly bytes: number;
  readonly sha256: string;
  readonly builder: Builder;
  /** They are tried in this order. */
  readonly sources: readonly Source[];
}

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
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw fail(`the sha256 of ${name} is not 64 hex digits`);
    if (!builders.includes(builder?.kind)) throw fail(`the builder of ${name} is not one of ${builders.join(', ')}`);
    if (builder.kind === 'idx-head' && !(Number.isSafeInteger(builder.count) && builder.count > 0))
      throw fail(`the builder of ${name} has the count ${String(builder.count)}; it must be a positive integer`);
    if (builder.kind === 'converter' && (typeof builder.name !== 'string' || typeof manifest.converters !== 'string'))
      throw fail(`the converter of ${name} needs a name, and the manifest needs a path in converters`);
    if (!Array.isArray(sources)) throw fail(`${name} has no sources`);
  }
  return manifest as Manifest;
}
