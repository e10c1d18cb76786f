import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was fetched or compiled once is kept: `NBSERVE_CACHE`, else `nbserve` in `XDG_CACHE_HOME` or `~/.cache`. */
export const cacheFolder = (): string =>
  process.env.NBSERVE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nbserve');

/** The environment of a JupyterLab that also looks into `dataDir` for kernels and keeps connection files and sockets in `runtimeDir`. */
export const labEnvironment = ({
  dataDir,
  runtimeDir,
}: {
  readonly dataDir: string;
  readonly runtimeDir: string;
}): Record<string, string | undefined> => ({
  ...process.env,
  JUPYTER_RUNTIME_DIR: runtimeDir,
  JUPYTER_PATH: [dataDir, process.env.JUPYTER_PATH].filter(Boolean).join(':'),
});
