import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../core/index.js';
import { keepFile } from './keep-file.js';
import type { Asset } from './manifest.js';

/** What is known about an asset in the cache that came from the hub, whose bytes the manifest does not know. */
export interface HubRecord {
  readonly hub: string;
  /** What the manifest asked for, such as `main`. */
  readonly revision?: string;
  /** The commit that the hub named. */
  readonly commit: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const pathOf = (name: string): string => join(cacheFolder('hub'), `${name}.json`);

/**
 * True if the file came from a source of the asset. Projects share the cache, so a file of this name may be that of another manifest, or of an older one.
 */
export const isOfAsset = ({ sources }: Asset, { hub, path, commit, revision }: HubRecord): boolean =>
  sources.some(
    (one) => 'hub' in one && one.hub === hub && one.path === path && [commit, revision ?? one.revision].includes(one.revision),
  );

/** The record of an asset; null if it did not come from the hub. */
export function hubRecord(name: string): HubRecord | null {
  const path = pathOf(name);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as HubRecord;
  } catch {
    // A process was killed while it wrote the record. Then the asset counts as damaged, and is fetched again.
    return null;
  }
}

/** @throws NBS_ASSET_NOT_KEPT */
export const writeHubRecord = (asset: Asset, record: HubRecord): Promise<void> =>
  keepFile(asset, pathOf(asset.name), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));

export async function removeHubRecord(name: string): Promise<void> {
  await rm(pathOf(name), { force: true });
}
