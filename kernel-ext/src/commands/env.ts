import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder for downloads and compiled code: `NBSERVE_CACHE`, else `nbserve` in `XDG_CACHE_HOME` or `~/.cache`. */
export const cacheFolder = (): string =>
  process.env.NBSERVE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nbserve');

/** The environment for a JupyterLab that also finds kernels in `dataDir`, and puts connection files and sockets into `runtimeDir`. */
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
