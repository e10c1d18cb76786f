import { execFile } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { childEnv, withLock } from '../core/index.js';
import { CannotSetUpCuda, CudaSetupFailed } from './errors.js';
import { type CudaFolders, lookForCuda } from './look.js';
import { CUDA_LIBRARIES, PROVIDER_FILES, requirements } from './requirements.js';
import { type CudaFacts, type CudaNeed, cudaNeeds } from './state.js';

const run = promisify(execFile);
/** More than a gigabyte over a slow line. */
const TIMEOUT_MS = 2 * 60 * 60_000;
/** pip installs for the Python that runs it, unless it is told another one. These are the wheels of this platform, and any Python will do. */
const WHEELS = [
  '--only-binary=:all:',
  '--no-deps',
  '--implementation=cp',
  '--python-version=3.12',
  '--abi=cp312',
  '--abi=none',
  ...['manylinux_2_28', 'manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].map((name) => `--platform=${name}_x86_64`),
];

export interface CudaSetup {
  readonly needs: readonly CudaNeed[];
  /** The packages of PyPI that were installed. */
  readonly installed: readonly string[];
  /** Folders that LD_LIBRARY_PATH must name when a process starts that runs models on CUDA. */
  readonly libraryFolders: readonly string[];
}

/**
 * Installs what models on CUDA need, as far as registries of packages have it: the provider beside ONNX Runtime, and CUDA and cuDNN into nbserve's cache.
 * Nothing of the system is changed.
 * @param withoutDriver installs it although there is no GPU with a driver, as for an image that another machine will run
 * @param wheels a folder with the packages, from which they are installed without a registry; null for PyPI
 * @param onInstall is called with the packages that are installed, before the download begins
 * @throws NBS_CUDA_SETUP_IMPOSSIBLE if something is missing that cannot be installed, NBS_CUDA_SETUP_FAILED
 */
export async function setUpCuda(
  folders: CudaFolders,
  withoutDriver: boolean,
  wheels: string | null,
  onInstall: (packages: readonly string[]) => void,
): Promise<CudaSetup> {
  const before = await lookForCuda(folders);
  const blocking = cudaNeeds(before).filter(
    ({ isThere, missing, isOfMachine }) => !isThere && missing.length === 0 && !(isOfMachine && withoutDriver),
  );
  const { runtime, runtimeVersion } = folders;
  if (blocking.length > 0 || runtime === null || runtimeVersion === null)
    throw CannotSetUpCuda({ reason: blocking.map(({ what, detail }) => `${what}: ${detail}`).join('; ') });
  const wantedBy = (facts: CudaFacts): readonly string[] => requirements(runtimeVersion, filesToInstall(facts, folders));
  let wanted = wantedBy(before);
  if (wanted.length > 0) {
    mkdirSync(dirname(folders.packages), { recursive: true });
    await withLock(`${folders.packages}.lock`, async () => {
      // Another process may have installed them meanwhile.
      wanted = wantedBy(await lookForCuda(folders));
      if (wanted.length === 0) return;
      onInstall(wanted);
      await installPackages(wanted, folders.packages, runtime, wheels);
    });
  }
  const facts = await lookForCuda(folders);
  return { needs: cudaNeeds(facts), installed: wanted, libraryFolders: facts.ownFolders };
}

/** If one library is missing, all that this command has installed are installed again, because they are replaced together. */
function filesToInstall(facts: CudaFacts, { packages }: CudaFolders): readonly string[] {
  const missing = cudaNeeds(facts).flatMap((each) => each.missing);
  if (!CUDA_LIBRARIES.some(({ file }) => missing.includes(file))) return missing;
  const own = CUDA_LIBRARIES.filter(({ file }) => facts.libraries.get(file)?.startsWith(packages));
  return [...missing, ...own.map(({ file }) => file)];
}

/** Installs into a folder beside the wanted one, which is then renamed: what was cut off is never used. To be called under the lock. */
async function installPackages(wanted: readonly string[], folder: string, runtime: string, wheels: string | null): Promise<void> {
  const [parent, prefix] = [dirname(folder), `${basename(folder)}.new-`];
  // Nobody else installs now, so what is there was left by processes that were killed: up to 4 GB.
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix)) rmSync(join(parent, name), { recursive: true, force: true });
  const made = mkdtempSync(join(parent, prefix));
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-cache-dir',
      '--target',
      made,
      ...WHEELS,
      ...(wheels === null ? [] : ['--no-index', '--find-links', resolve(wheels)]),
    ];
    // pip unpacks in the temporary folder, which may be small.
    await run('python3', [...args, ...wanted], { env: childEnv({ TMPDIR: made }), timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 });
    const provider = wanted.some((name) => name.startsWith('onnxruntime-gpu'));
    if (provider) for (const file of PROVIDER_FILES) put(join(made, 'onnxruntime', 'capi', file), join(runtime, file));
    // The rest of that package is the runtime itself, which npm's package has.
    rmSync(join(made, 'onnxruntime'), { recursive: true, force: true });
    if (wanted.length > (provider ? 1 : 0)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(made, folder);
    }
  } catch (error) {
    throw CudaSetupFailed({ reason: reasonOf(error) }, error);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** Puts a file beside the runtime at once: a process that loads the provider meanwhile must not read half of it. */
function put(from: string, to: string): void {
  const beside = `${to}.${process.pid}`;
  try {
    linkSync(from, beside);
  } catch {
    copyFileSync(from, beside);
  }
  renameSync(beside, to);
}

function reasonOf(error: unknown): string {
  const { code, stderr, message } = error as { readonly code?: unknown; readonly stderr?: string; readonly message: string };
  if (code === 'ENOENT' && (error as { readonly syscall?: string }).syscall?.startsWith('spawn') === true)
    return 'python3 is not on the path; install Python 3 with pip, which downloads the packages';
  const words = stderr === undefined || stderr.trim() === '' ? message : stderr;
  if (/No module named pip/.test(words)) return 'python3 has no pip; install it (on Debian: apt-get install python3-pip)';
  if (/ENOSPC|No space left/.test(words))
    return 'there is no space left: 4 GB are needed while it is installed, and 2.5 GB afterwards';
  return words.trim().split('\n').at(-1) ?? '';
}
