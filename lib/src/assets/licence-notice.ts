import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../core/index.js';
import type { Asset, Source } from './manifest.js';

/**
 * The licence of an asset as a text, the first time that this cache gets it; else null. Files of one folder with the same licence and the same author count as one asset.
 */
export function licenceNotice(asset: Asset, source: Source | undefined): string | null {
  const { licence = asset.licence, credit = asset.credit } = source !== undefined && 'hub' in source ? source : asset;
  const [folder = asset.name] = asset.name.split('/');
  const text = `${folder}: licence ${licence}, ${credit}`;
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const mark = join(cacheFolder('licences'), key);
  try {
    mkdirSync(dirname(mark), { recursive: true });
    // If several processes do this at once, only one of them creates the file.
    writeFileSync(mark, `${text}\n`, { flag: 'wx' });
  } catch (error) {
    // If the folder cannot be written to, it is shown each time.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
  }
  return text;
}
