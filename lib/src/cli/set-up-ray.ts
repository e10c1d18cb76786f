import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, isOurs } from '../core/index.js';
import { makeVenv } from '../python/index.js';

/** The version that the engine `ray` is tried with. */
const VERSION = '2.60.0';
/** It is written when the installation is complete. */
const STAMP = 'nbserve-version';

export interface OwnRay {
  readonly version: string;
  readonly folder: string;
  /** The path of the command `ray`. */
  readonly command: string;
  readonly isThere: boolean;
}

/** Ray in nbserve's cache. */
export function ownRay(): OwnRay {
  const folder = cacheFolder(`ray-${VERSION}`);
  const stamp = join(folder, STAMP);
  const isThere = isOurs(folder) && existsSync(stamp) && readFileSync(stamp, 'utf8') === VERSION;
  return { version: VERSION, folder, command: join(folder, 'bin', 'ray'), isThere };
}

/** Installs Ray from PyPI into nbserve's cache, if it is not there. @throws NBS_NO_PYTHON, NBS_NO_VENV, NBS_PYTHON_INSTALL, NBS_UNSAFE_FOLDER */
export async function setUpRay(): Promise<OwnRay> {
  const { folder, isThere } = ownRay();
  if (!isThere) {
    await makeVenv({
      folder,
      packages: [`ray[default]==${VERSION}`],
      what: `Ray ${VERSION}`,
      oldest: [3, 10],
      advice: 'nbserve runs on several machines without Ray too: nbserve start --machines',
      isThere: () => ownRay().isThere,
      onInstall: () => console.error(`installing Ray ${VERSION} into ${folder}…`),
      finish: () => writeFileSync(join(folder, STAMP), VERSION),
    });
  }
  return ownRay();
}
