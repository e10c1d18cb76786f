import { cacheFolder } from '../core/index.js';

/** The absolute path of the folder in which fetched assets are kept. */
export function assetCache(): string {
  return cacheFolder('datasets');
}
