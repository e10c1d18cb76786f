// Python packages that tests and benchmarks compare with: private virtual environments in `.cache/`, made on first use.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOOK_EVERY_MS = 200;
const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));
/** The installer of the environments, which is many times quicker than pip. Its version does not change what is installed. */
const UV = 'uv==0.13.9';

// With it, each start of a Python here would compile again what it imports. Ray's head then takes 15 s to start instead of 5.
delete process.env.PYTHONDONTWRITEBYTECODE;

/** The path that the Python of an environment has, whether it is there or not. */
export const pythonOf = (name) => `${CACHE}${name}/bin/python`;

/**
 * The path of the Python of an environment that contains exactly what the requirements file names.
 * @throws if there is no Python 3.9+ or a package cannot be installed
 */
export function pythonEnv(name, requirements) {
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  return environment(name, wanted, (venv, python) => {
    console.log(`setting up .cache/${name} (once)…`);
    try {
      withUv(venv, python, requirements);
    } catch (error) {
      console.log(`uv cannot install it, so pip does: ${error.message}`);
      rmSync(venv, { recursive: true, force: true });
      withPip(venv, python, ['-r', requirements]);
    }
  });
}

/**
 * The path of the Python of an environment. It is made if it is not there, or was made of something else.
 * @param {string} name
 * @param {string} wanted names what it is made of
 * @param {(venv: string, python: string) => void} make
 */
function environment(name, wanted, make) {
  const venv = `${CACHE}${name}`;
  const python = pythonOf(name);
  const stamp = `${venv}/made-of`;
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isThere()) return python;
  mkdirSync(CACHE, { recursive: true });
  locked(`${venv}.lock`, () => {
    if (isThere()) return;
    rmSync(venv, { recursive: true, force: true });
    make(venv, python);
    writeFileSync(stamp, wanted);
  });
  return python;
}

function withUv(venv, python, requirements) {
  const { uv, env } = installer();
  execFileSync(uv, ['venv', '--quiet', '--python', 'python3', venv], { stdio: 'inherit', env });
  execFileSync(uv, ['pip', 'install', '--quiet', '--python', python, '-r', requirements], { stdio: 'inherit', env });
}

function withPip(venv, python, packages) {
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`python3 -m venv failed: ${made.error ?? made.stderr}`);
  // Python compiles a module when it is first imported. Compiling all of them here takes as long as the rest of the installation.
  const quick = ['--quiet', '--disable-pip-version-check', '--no-compile'];
  execFileSync(python, ['-m', 'pip', 'install', ...quick, ...packages], { stdio: 'inherit' });
}

/** uv in an environment of its own, with the settings for it. */
function installer() {
  const python = environment('uv', UV, (venv, own) => withPip(venv, own, [UV]));
  const own = { UV_CACHE_DIR: `${CACHE}uv-cache`, UV_PYTHON_DOWNLOADS: 'never', UV_NO_CONFIG: '1' };
  return { uv: `${CACHE}uv/bin/uv`, env: { ...process.env, ...packageSources(python), ...own } };
}

/** Settings of pip → what uv calls them. It does not read those of pip. */
const SOURCES = {
  'index-url': 'UV_DEFAULT_INDEX',
  'extra-index-url': 'UV_INDEX',
  'find-links': 'UV_FIND_LINKS',
  cert: 'SSL_CERT_FILE',
};

/** Where pip gets packages from, as the environment of uv. `pip config list` prints a line for each setting: `global.index-url='https://…'`. */
function packageSources(python) {
  const { stdout } = spawnSync(python, ['-m', 'pip', 'config', 'list'], { encoding: 'utf8' });
  const set = {};
  // Those of the environment are listed first, and count most.
  for (const line of stdout.trim().split('\n').reverse()) {
    const [, setting, value] = /^[^.]*\.([\w-]+)='(.*)'$/.exec(line) ?? [];
    if (Object.hasOwn(SOURCES, setting)) set[SOURCES[setting]] = value.replaceAll('\\n', ' ').trim();
  }
  return set;
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
    // If the link is gone, another process may take it now, so nothing is removed. If it names no process, it is free.
    return !['EPERM', 'ENOENT'].includes(error.code);
  }
}
