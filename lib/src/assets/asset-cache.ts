import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheHome } from '../core/index.js';

/** The absolute path of the folder in which fetched assets are kept. */
export function assetCache(): string {
  return join(cacheHome() ?? join(homedir(), '.cache', 'nbserve'), 'datasets');
}
