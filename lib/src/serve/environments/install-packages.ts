import { createLog, systemClock } from '../../core/index.js';
import type { NpmPackages } from '../protocol/index.js';
import { Environments } from './environments.js';
import { PackageCache } from './package-cache.js';

/**
 * Installs packages for a replica on another machine than the controller's, into the cache of that machine. Several replicas wait for one run of npm.
 * @returns their folder
 * @throws NBS_INSTALL_FAILED with npm's words
 */
export async function installPackages(packages: NpmPackages): Promise<string> {
  const cache = new PackageCache();
  await new Environments({ clock: systemClock, log: createLog('replica'), cache }).install(packages);
  return cache.find(packages) as string;
}
