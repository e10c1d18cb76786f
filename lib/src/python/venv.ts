import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuseForeign, withLock } from '../core/index.js';
import { InstallFailed, NoPython, NoVenv } from './errors.js';

export interface VenvOptions {
  /** It is emptied first. */
  readonly folder: string;
  /** What pip is asked for, such as `ray[default]==2.60.0`. */
  readonly packages: readonly string[];
  /** What the environment is for, in errors. */
  readonly what: string;
  /** The oldest version of Python, such as 3.9. */
  readonly oldest: readonly [major: number, minor: number];
  /** What can be done without it, in errors. */
  readonly advice?: string;
  /** Whether the environment is complete. It is asked when no other process makes it: if one has, nothing is left to do. */
  readonly isThere: () => boolean;
  /** Called before the download begins. */
  readonly onInstall?: () => void;
  /** Called with the path of its Python when the packages are installed, before any other process looks. */
  readonly finish?: (python: string) => void;
}

/**
 * Makes a virtual environment of the `python3` on the PATH, with packages from PyPI. What pip says is shown on stderr. If it fails, nothing is kept.
 * If another process makes the same one, this waits for it.
 * @returns the path of its Python
 * @throws NBS_NO_PYTHON, NBS_NO_VENV, NBS_PYTHON_INSTALL, NBS_UNSAFE_FOLDER
 */
export async function makeVenv(options: VenvOptions): Promise<string> {
  const { folder, what, oldest, advice, isThere, finish } = options;
  const after = advice === undefined ? '' : `; ${advice}`;
  refuseForeign(folder);
  const version = pythonVersion(what, oldest, after);
  mkdirSync(dirname(folder), { recursive: true });
  return withLock(`${folder}.lock`, async () => {
    if (isThere()) return pythonIn(folder);
    const python = await make(options, version, after);
    finish?.(python);
    return python;
  });
}

const pythonIn = (folder: string): string => join(folder, 'bin', 'python');

async function make({ folder, packages, onInstall }: VenvOptions, version: string, after: string): Promise<string> {
  onInstall?.();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    makeEmpty(folder, version, after);
    const python = pythonIn(folder);
    const said = await run([python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
    if (said === null) return python;
    const reason = `${reasonOf(said)} (is the package index reachable?)`;
    throw InstallFailed({ command: `pip install ${packages.join(' ')}`, reason, advice: after });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Python's version, such as `3.11`. @throws NBS_NO_PYTHON */
function pythonVersion(what: string, oldest: readonly [number, number], advice: string): string {
  const fails = (reason: string): Error => NoPython({ what, oldest: oldest.join('.'), reason, advice });
  const asked = spawnSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
  const version = /^(\d+)\.(\d+)$/m.exec(asked.stdout ?? '');
  if (version === null) {
    const missing = (asked.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    throw fails(
      missing ? 'there is no python3 on the PATH' : `python3 does not run: ${reasonOf(String(asked.error ?? asked.stderr))}`,
    );
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) throw fails(`the python3 on the PATH is ${version[0]}`);
  return version[0];
}

/** @throws NBS_NO_VENV, NBS_PYTHON_INSTALL */
function makeEmpty(folder: string, version: string, advice: string): void {
  const made = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' });
  if (made.status === 0) return;
  // Debian's Python names the missing package on stdout.
  const said = `${made.stdout ?? ''}${made.stderr ?? ''}${made.error ?? ''}`;
  if (/ensurepip|No module named '?venv/.test(said))
    throw NoVenv({ python: `Python ${version}`, packages: `python3-venv (or python${version}-venv)`, advice });
  throw InstallFailed({ command: 'python3 -m venv', reason: reasonOf(said), advice });
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
