import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installTranslator } from '../install/index.js';
import { later } from '../runner/index.js';
import { cacheFolder } from './env.js';

/** The folder into which `nbserve lab` installs JupyterLab. */
const jupyterFolder = (): string => join(cacheFolder(), 'jupyter');

/**
 * The command `jupyter` with JupyterLab: the one on the PATH, else nbserve's own, which is installed first if it is missing or incomplete.
 * @throws NBS_NO_PYTHON, NBS_NO_VENV, NBS_PYTHON_INSTALL, NBS_UNSAFE_FOLDER if another user has made the folder
 */
export async function jupyterWithLab(): Promise<string> {
  if (hasLab('jupyter')) return 'jupyter';
  const { isOurs, makeVenv } = later.host();
  const folder = jupyterFolder();
  const own = join(folder, 'bin', 'jupyter');
  if (isOurs(folder) && hasLab(own)) return own;
  await makeVenv({
    folder,
    packages: ['jupyterlab'],
    what: 'JupyterLab',
    oldest: [3, 9],
    advice: 'notebooks also run without Python: nbserve execute notebook.ipynb',
    isThere: () => hasLab(own),
    onInstall: () => console.log(`installing JupyterLab into ${folder} (once, about 244 MB)…`),
    // If papermill is installed there later, it finds this.
    finish: installTranslator,
  });
  return own;
}

const hasLab = (jupyter: string): boolean => spawnSync(jupyter, ['lab', '--version'], { encoding: 'utf8' }).status === 0;
