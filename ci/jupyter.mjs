// Jupyter itself, for the tests that need the real one: a private virtual environment in `.cache/`, made on first use.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VENV = `${ROOT}.cache/jupyter`;
const REQUIREMENTS = fileURLToPath(new URL('jupyter-requirements.txt', import.meta.url));

/** Path of the environment's Python. @throws where there is no Python 3.9+ or a package cannot be installed */
export function jupyterPython() {
  const python = `${VENV}/bin/python`;
  const stamp = `${VENV}/requirements.sha256`;
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  rmSync(VENV, { recursive: true, force: true });
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  console.log('setting up Jupyter in .cache/jupyter (once)…');
  const made = spawnSync('python3', ['-m', 'venv', VENV], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`python3 -m venv failed: ${made.error ?? made.stderr}`);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS], { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
  return python;
}
