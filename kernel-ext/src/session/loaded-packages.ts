import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PackageChanged } from './errors.js';

const PACKAGE = /^(?:@[^/]+\/)?[^./@][^/:]*/;

/** The versions of the packages that cells have loaded. A process keeps what it has loaded, but the types are those of what is installed now. */
export class LoadedPackages {
  /** `package.json` → version */
  readonly #versions = new Map<string, string>();

  /**
   * Call it before a package is loaded, and what it returns afterwards.
   * @throws NBS_PACKAGE_CHANGED if another version was loaded from the same folder
   */
  expectLoaded(folder: string, id: string): () => void {
    const name = PACKAGE.exec(id)?.[0];
    const found = name === undefined ? undefined : installed(folder, name);
    if (name === undefined || found === undefined) return () => {};
    const { file, version } = found;
    const before = this.#versions.get(file);
    if (before !== undefined && before !== version) throw PackageChanged({ name, before, now: version });
    return () => this.#versions.set(file, version);
  }
}

function installed(folder: string, name: string): { readonly file: string; readonly version: string } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'node_modules', name, 'package.json');
    try {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown };
      return typeof version === 'string' ? { file, version } : undefined;
    } catch {
      // It is in a folder above.
    }
    if (dirname(at) === at) return undefined;
  }
}
