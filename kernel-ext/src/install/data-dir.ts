import { homedir } from 'node:os';
import path from 'node:path';

/** The variables that say where Jupyter keeps its data: `JUPYTER_DATA_DIR`, `XDG_DATA_HOME`, `APPDATA` (Windows). */
export const dataDirEnv = (): Record<string, string | undefined> => {
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = process.env;
  return { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA };
};

/** Where a kernelspec is installed: in the user's Jupyter folder (`user`, the default), or in an environment such as `/opt/venv` (`prefix`). */
export type InstallScope = { readonly user?: true } | { readonly prefix: string };

export interface SystemFacts {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** `JUPYTER_DATA_DIR`, `XDG_DATA_HOME`, `APPDATA`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The facts of this machine. */
export const systemFacts = (env: SystemFacts['env']): SystemFacts => ({ platform: process.platform, home: homedir(), env });

/** Jupyter's data folder, by the rules of jupyter_core's `jupyter_data_dir` and `--prefix`. */
export function jupyterDataDir(scope: InstallScope, { platform, home, env }: SystemFacts): string {
  if ('prefix' in scope) return path.resolve(scope.prefix, 'share', 'jupyter');
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (platform === 'darwin') return path.join(home, 'Library', 'Jupyter');
  if (platform === 'win32') return APPDATA ? path.join(APPDATA, 'jupyter') : path.join(home, '.jupyter', 'data');
  return path.join(XDG_DATA_HOME || path.join(home, '.local', 'share'), 'jupyter');
}
