// Python packages that tests and benchmarks compare with: private virtual environments in `.cache/`, made on first use.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The path of the Python of an environment that contains exactly what the requirements file names.
 * @throws if there is no Python 3.9+ or a package cannot be installed
 */
export function pythonEnv(name, requirements) {
  const venv = `${ROOT}.cache/${name}`;
  const python = `${venv}/bin/python`;
  const stamp = `${venv}/requirements.sha256`;
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  console.log(`setting up .cache/${name} (once)…`);
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`python3 -m venv failed: ${made.error ?? made.stderr}`);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], {
    stdio: 'inherit',
  });
  writeFileSync(stamp, wanted);
  return python;
}
