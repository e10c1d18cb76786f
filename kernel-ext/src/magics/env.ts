import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The environment of a `!command`. Commands of packages are on its PATH: first those of the notebook's folder and the folders above it, then those that
 * were installed with the kernel (`nbserve`).
 */
export function shellEnv(folder: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = dirname(fileURLToPath(import.meta.url));
  // Otherwise npm writes to stderr, which is red in a notebook, that there is a newer npm.
  const quiet = { npm_config_update_notifier: 'false' };
  return {
    ...quiet,
    ...process.env,
    ...extra,
    PATH: [...binFolders(folder), ...binFolders(own), process.env.PATH ?? ''].join(delimiter),
  };
}

function binFolders(folder: string): string[] {
  const above = dirname(folder) === folder ? [] : binFolders(dirname(folder));
  return [join(folder, 'node_modules', '.bin'), ...above];
}

/** The shell of `!command`. */
export const SHELL = '/bin/sh';
