import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheHome } from '../core/index.js';
import { DatasetNotFound } from './errors.js';
import { type Asset, readManifest } from './manifest.js';

const MANIFEST = join('datasets', 'manifest.json');

/**
 * The `datasets/` folder: in `from` or a folder above it, else that of the repository which this library was built in.
 * @param from folder to start at. @default the working folder, which in a notebook is the notebook's
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

/** Where fetched assets are kept. */
export function assetCache(): string {
  return join(cacheHome() ?? join(homedir(), '.cache', 'nbserve'), 'datasets');
}

/**
 * Absolute path of an asset, e.g. `datasetPath('mnist/mnist-cnn.onnx')`: from the repository, else from the cache.
 * @throws NBS_DATASET_NOT_FOUND naming the assets there are, or the command that fetches it
 */
export function datasetPath(name: string, options: { readonly from?: string } = {}): string {
  const folder = datasetsFolder(options.from);
  const assets: readonly Asset[] = folder === undefined ? [] : readManifest(join(folder, 'manifest.json')).assets;
  const known = assets.find((asset) => asset.name === name);
  if (folder !== undefined && known === undefined)
    throw DatasetNotFound({
      name,
      reason: 'the manifest does not name it',
      valid: `there are ${assets.map((asset) => asset.name).join(', ')}`,
    });
  const places = [...(folder === undefined ? [] : [join(folder, name)]), join(assetCache(), name)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw DatasetNotFound({
    name,
    reason:
      folder === undefined
        ? `neither ${options.from ?? process.cwd()} nor a folder above it has ${MANIFEST}`
        : `it is not at ${places.join(' nor at ')}`,
    valid: known === undefined ? 'start the notebook in the repository' : `fetch it with: npx nbserve assets fetch ${name}`,
  });
}
