import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assetCache } from './asset-cache.js';
import { DatasetDamaged, DatasetNotFound } from './errors.js';
import { hubRecord, isOfAsset } from './hub-record.js';
import { type Asset, isAssetName, kindOf, readManifest } from './manifest.js';
import { sha256OfFile } from './verify-file.js';

const MANIFEST = join('datasets', 'manifest.json');

/**
 * The absolute path of the `datasets/` folder: in `from` or a folder above it, else in the repository in which this library was built.
 * @param from the folder to start at. @default the working folder, which in a notebook is the notebook's
 * @returns undefined if there is none
 */
export function datasetsFolder(from: string = process.cwd()): string | undefined {
  const starts = [resolve(from), dirname(fileURLToPath(import.meta.url))];
  for (const start of starts) {
    for (let folder = start; ; folder = dirname(folder)) {
      if (existsSync(join(folder, MANIFEST))) return join(folder, 'datasets');
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/**
 * The absolute path of an asset's file in the repository, or else in the cache: `datasetPath('mnist/mnist-cnn.onnx')`. Once per process, the file's
 * bytes are compared with the manifest. The name of a folder of assets, such as a language model with its tokenizer, gives the path of the folder in the cache.
 * @throws NBS_DATASET_NOT_FOUND names the assets that exist, or the command that fetches this one; NBS_DATASET_DAMAGED if the bytes are not those of the manifest
 */
export function datasetPath(name: string, options: { readonly from?: string } = {}): string {
  const folder = datasetsFolder(options.from);
  const assets: readonly Asset[] = folder === undefined ? [] : readManifest(join(folder, 'manifest.json')).assets;
  const inside = assetsInside(assets, name);
  if (inside.length === 0) return filePath(name, name, folder, assets, options.from);
  for (const asset of inside) filePath(asset.name, name, folder, assets, options.from);
  refuseMixed(name, inside);
  return join(assetCache(), name);
}

/** The assets in the cache below a folder of this name, such as the files of a language model; none if it is the name of an asset. */
export const assetsInside = (assets: readonly Asset[], name: string): readonly Asset[] =>
  assets.some((asset) => asset.name === name)
    ? []
    : assets.filter((asset) => !asset.committed && asset.name.startsWith(`${name}/`));

/** @param asked what the user asked for, and should fetch: the asset, or the folder that it is in, whose files come from one download */
function filePath(
  name: string,
  asked: string,
  folder: string | undefined,
  assets: readonly Asset[],
  from: string | undefined,
): string {
  const known = assets.find((asset) => asset.name === name);
  if (folder !== undefined && known === undefined)
    throw DatasetNotFound({
      name,
      reason: 'the manifest does not name it',
      valid: `there are ${assets.map((asset) => asset.name).join(', ')}`,
    });
  // Without a manifest only the name can be checked: it must not lead out of the cache.
  if (!isAssetName(name))
    throw DatasetNotFound({
      name: String(name),
      reason: 'it is not a path below datasets/',
      valid: 'a name is such as mnist/mnist-cnn.onnx',
    });
  const places = [...(folder === undefined ? [] : [join(folder, name)]), join(assetCache(), name)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) {
    if (known !== undefined) verify(found, known, asked);
    return found;
  }
  throw DatasetNotFound({
    name,
    reason:
      folder === undefined
        ? `neither ${from ?? process.cwd()} nor a folder above it has ${MANIFEST}`
        : `it is not at ${places.join(' nor at ')}`,
    valid: known === undefined ? 'start the notebook in the repository' : `fetch it with: npx nbserve assets fetch ${asked}`,
  });
}

/**
 * Files of one model that came from several places may not fit each other: a fetch of the folder from elsewhere was ended before its end.
 * @throws NBS_DATASET_NOT_FOUND
 */
function refuseMixed(name: string, inside: readonly Asset[]): void {
  // What is only in one place does not say where the others should come from.
  const both = inside.filter(({ sources }) => new Set(sources.map(kindOf)).size > 1);
  const ofHub = both.filter((asset) => hubRecord(asset.name) !== null);
  if (ofHub.length === 0 || ofHub.length === both.length) return;
  throw DatasetNotFound({
    name,
    reason: `${ofHub.length} of its files are from the hub, and ${both.length - ofHub.length} from a registry`,
    valid: `fetch all of them from one place: npx nbserve assets fetch ${name} --from hub, or --from registry`,
  });
}

/** @throws NBS_DATASET_DAMAGED, NBS_DATASET_NOT_FOUND if it came from a place that the manifest does not name */
function verify(path: string, asset: Asset, asked: string): void {
  const record = asset.committed ? null : hubRecord(asset.name);
  if (record !== null && !isOfAsset(asset, record))
    throw DatasetNotFound({
      name: asset.name,
      reason: `${path} is from ${record.hub}@${record.revision ?? record.commit}, ${record.path}, which the manifest does not name`,
      valid: `replace it with: npx nbserve assets fetch ${asked}; if another project needs it, set NBSERVE_CACHE to a folder for each`,
    });
  const expected = record?.sha256 ?? asset.sha256;
  const actual = readable(asset.name, path);
  if (actual === expected) return;
  throw DatasetDamaged({
    path,
    actual,
    expected,
    remedy: `make it anew with: npx nbserve assets fetch ${asked}${
      asset.committed ? '' : '; if another project needs other bytes under this name, set NBSERVE_CACHE to a folder for each'
    }`,
  });
}

function readable(name: string, path: string): string {
  try {
    return sha256OfFile(path);
  } catch (error) {
    const reason = `${path} cannot be read: ${(error as Error).message}`;
    throw DatasetNotFound({ name, reason, valid: 'give yourself the right to read it, or remove it and fetch it anew' }, error);
  }
}
