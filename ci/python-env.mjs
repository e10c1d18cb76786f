// Python packages that tests and benchmarks compare with: private virtual environments in `.cache/`, made on first use.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOOK_EVERY_MS = 200;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

// With it, each start of a Python here would compile again what it imports. Ray's head then takes 15 s to start instead of 5.
delete process.env.PYTHONDONTWRITEBYTECODE;

/** The path that the Python of an environment has, whether it is there or not. */
export const pythonOf = (name) => `${ROOT}.cache/${name}/bin/python`;

/**
 * The path of the Python of an environment that contains exactly what the requirements file names.
 * @throws if there is no Python 3.9+ or a package cannot be installed
 */
export function pythonEnv(name, requirements) {
  const venv = `${ROOT}.cache/${name}`;
  const python = pythonOf(name);
  const stamp = `${venv}/requirements.sha256`;
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isThere()) return python;
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  return locked(`${venv}.lock`, () => (isThere() ? python : install({ name, venv, python, requirements, stamp, wanted })));
}

function install({ name, venv, python, requirements, stamp, wanted }) {
  rmSync(venv, { recursive: true, force: true });
  console.log(`setting up .cache/${name} (once)…`);
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`python3 -m venv failed: ${made.error ?? made.stderr}`);
  // Python compiles a module when it is first imported. Compiling all of them here takes as long as the rest of the installation.
  const quick = ['--quiet', '--disable-pip-version-check', '--no-compile'];
  execFileSync(python, ['-m', 'pip', 'install', ...quick, '-r', requirements], { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
  return python;
}

/** Two files of tests may need the same environment at the same moment. The lock is a link that names the process that holds it. */
function locked(lock, work) {
  for (;;) {
    try {
      symlinkSync(String(process.pid), lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isDead(lock)) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isDead(lock) {
  try {
    process.kill(Number(readlinkSync(lock)), 0);
    return false;
  } catch (error) {
    // Without the link, it is free.
    return error.code === 'ESRCH';
  }
}
