import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { defineError, type ErrorDefinition } from 'nbserve/errors';
import { installTranslator } from '../install/index.js';
import { cacheFolder } from './env.js';

const WITHOUT = 'notebooks also run without Python: nbserve execute notebook.ipynb';

const NoPython: ErrorDefinition<'JupyterLab needs Python 3.9 or newer: {reason}; {without}'> = defineError(
  'NBS_NO_PYTHON',
  404,
  'JupyterLab needs Python 3.9 or newer: {reason}; {without}',
);

const NoVenv: ErrorDefinition<'{python} cannot make a virtual environment, because its modules venv and ensurepip are not complete; on Debian and Ubuntu: sudo apt install {packages}; {without}'> =
  defineError(
    'NBS_NO_VENV',
    404,
    '{python} cannot make a virtual environment, because its modules venv and ensurepip are not complete; on Debian and Ubuntu: sudo apt install {packages}; {without}',
  );

const InstallFailed: ErrorDefinition<'{what} failed, nothing of it is kept: {reason}; {without}'> = defineError(
  'NBS_JUPYTER_INSTALL',
  500,
  '{what} failed, nothing of it is kept: {reason}; {without}',
);

const OLDEST = [3, 9] as const;

/** The folder into which `nbserve lab` installs JupyterLab. */
const jupyterFolder = (): string => join(cacheFolder(), 'jupyter');

/**
 * The command `jupyter` with JupyterLab: the one on the PATH, else nbserve's own, which is installed first if it is missing or incomplete.
 * @throws NBS_NO_PYTHON, NBS_NO_VENV, NBS_JUPYTER_INSTALL
 */
export async function jupyterWithLab(): Promise<string> {
  if (hasLab('jupyter')) return 'jupyter';
  const venv = jupyterFolder();
  const own = join(venv, 'bin', 'jupyter');
  if (hasLab(own)) return own;
  const version = pythonVersion();
  console.log(`installing JupyterLab into ${venv} (once, about 244 MB)…`);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(venv, { recursive: true });
  try {
    makeVenv(venv, version);
    const pip = [join(venv, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'jupyterlab'];
    const said = await run(pip);
    if (said !== null)
      throw InstallFailed({
        what: 'pip install jupyterlab',
        reason: `${reasonOf(said)} (is the package index reachable?)`,
        without: WITHOUT,
      });
    // If papermill is installed there later, it finds this.
    installTranslator(join(venv, 'bin', 'python'));
    return own;
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    throw error;
  }
}

const hasLab = (jupyter: string): boolean => spawnSync(jupyter, ['lab', '--version'], { encoding: 'utf8' }).status === 0;

/** Python's version, such as `3.11`. @throws NBS_NO_PYTHON */
function pythonVersion(): string {
  const asked = spawnSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
  const version = /^(\d+)\.(\d+)$/m.exec(asked.stdout ?? '');
  if (version === null) {
    const missing = (asked.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    const reason = missing
      ? 'there is no python3 on the PATH'
      : `python3 does not run: ${reasonOf(String(asked.error ?? asked.stderr))}`;
    throw NoPython({ reason, without: WITHOUT });
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw NoPython({ reason: `the python3 on the PATH is ${version[0]}`, without: WITHOUT });
  return version[0];
}

/** @throws NBS_NO_VENV, NBS_JUPYTER_INSTALL */
function makeVenv(venv: string, version: string): void {
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status === 0) return;
  // Debian's Python names the missing package on stdout.
  const said = `${made.stdout ?? ''}${made.stderr ?? ''}${made.error ?? ''}`;
  if (/ensurepip|No module named '?venv/.test(said))
    throw NoVenv({ python: `Python ${version}`, packages: `python3-venv (or python${version}-venv)`, without: WITHOUT });
  throw InstallFailed({ what: 'python3 -m venv', reason: reasonOf(said), without: WITHOUT });
}

/** Runs a command and shows its stderr as it comes. @returns that text if it fails, else null */
function run([file, ...args]: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(file as string, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      process.stderr.write(chunk);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? null : said));
  });
}

/** The last line that a program wrote, which says why it failed. */
const reasonOf = (said: string): string =>
  said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1) ?? 'it said nothing';
