import { delimiter, dirname, join } from 'node:path';

/** The environment of a `!command`: packages' commands of the notebook's folder and above are found, and `nbserve` talks to this notebook's cluster. */
export function shellEnv(folder: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const bins: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    bins.push(join(at, 'node_modules', '.bin'));
    if (dirname(at) === at) break;
  }
  return { ...process.env, ...extra, PATH: [...bins, process.env.PATH ?? ''].join(delimiter) };
}

/** `SHELL` where it is set, for `!command`. */
export const shellPath = (): string => '/bin/sh';
