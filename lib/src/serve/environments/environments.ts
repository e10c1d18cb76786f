import type { Clock, Log } from '../../core/index.js';
import type { NpmPackages } from '../protocol/index.js';
import { InstallFailed } from './errors.js';
import { NpmFailure } from './npm.js';
import { environmentKey, PackageCache } from './package-cache.js';

const SAY_EVERY_MS = 3600_000;
const SHOWN = 4;

export interface EnvironmentsOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly cache?: PackageCache;
}

/** The environments of a cluster's deployments. */
export class Environments {
  readonly #cache: PackageCache;
  readonly #options: EnvironmentsOptions;
  readonly #installing = new Map<string, Promise<void>>();
  /** Those that replicas were started with, by their keys. */
  readonly #used = new Map<string, NpmPackages>();

  constructor(options: EnvironmentsOptions) {
    this.#options = options;
    this.#cache = options.cache ?? new PackageCache();
  }

  /** The folder in which the packages are installed; undefined if they are not. A replica will use it. */
  find(packages: NpmPackages): string | undefined {
    const folder = this.#cache.find(packages);
    if (folder !== undefined) {
      if (this.#used.size === 0) this.#sayUsed();
      this.#used.set(environmentKey(packages), packages);
    }
    return folder;
  }

  /** Installs the packages. Two calls for the same ones wait for one run of npm. @throws NBS_INSTALL_FAILED with npm's words */
  install(packages: NpmPackages): Promise<void> {
    const key = environmentKey(packages);
    let installing = this.#installing.get(key);
    if (installing === undefined) {
      installing = this.#install(packages).finally(() => this.#installing.delete(key));
      this.#installing.set(key, installing);
    }
    return installing;
  }

  /** `left-pad@1.3.0 and 3 more` */
  namesOf({ dependencies }: NpmPackages): string {
    const names = Object.entries(dependencies).map(([name, range]) => `${name}@${range}`);
    const more = names.length - SHOWN;
    return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
  }

  async #install(packages: NpmPackages): Promise<void> {
    const { clock, log } = this.#options;
    const names = this.namesOf(packages);
    const began = clock.now();
    try {
      await this.#cache.install(packages);
      log.info(`installed ${names} in ${clock.now() - began} ms`);
    } catch (error) {
      const { message, code = 'error' } = error as NodeJS.ErrnoException;
      log.warn(`npm could not install ${names}: ${code}`);
      throw InstallFailed({ packages: names, code, output: message }, error instanceof NpmFailure ? undefined : error);
    }
  }

  /** Otherwise another cluster could remove an environment that is in use. */
  #sayUsed(): void {
    this.#options.clock.after(SAY_EVERY_MS, () => {
      for (const packages of this.#used.values()) this.#cache.find(packages);
      this.#sayUsed();
    });
  }
}
