import { createLog, systemClock } from '../../core/index.js';
import type { NpmPackages } from '../protocol/index.js';
import { Environments } from './environments.js';

/**
 * Installs packages for a replica on another machine than the controller's, into the cache of that machine. Several replicas wait for one run of npm.
 * @returns their folder
 * @throws NBS_INSTALL_FAILED with npm's words
 */
export async function installPackages(packages: NpmPackages): Promise<string> {
  const environments = new Environments({ clock: systemClock, log: createLog('replica') });
  await environments.install(packages);
  // As long as this process runs, the environment counts as used.
  return environments.find(packages) as string;
}
