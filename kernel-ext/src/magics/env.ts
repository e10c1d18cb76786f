import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The environment of a `!command`: commands of packages are found, those of the notebook's folder and above before those that came with the kernel (`nbserve`).
 */
export function shellEnv(folder: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = dirname(fileURLToPath(import.meta.url));
  // npm tells on stderr, which is red in a notebook, that there is a newer npm.
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
