import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, isLeft, markIn, markProcess, markText } from '../core/index.js';
import {
  DigestMismatch,
  DownloadBroken,
  downloadFile,
  networkReason,
  ServerUnreachable,
  type Wanted,
  wordsOf,
} from '../downloads/index.js';
import { diskReason } from './keep-file.js';
import type { RegistrySource } from './manifest.js';
import { findWheel } from './simple-index.js';

const run = promisify(execFile);
/** Long enough for a package of 100 MB over a slow line. */
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** How long a registry may take to answer. The clients' own limits are minutes, which is too long for somebody who waits. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Downloads a package into `folder`.
 * The client (npm or pip) is asked which registry the user has set. The bytes are then downloaded by our own code, which continues what a killed process left.
 * If that cannot be done, for example behind a proxy, the client downloads them, because it knows proxies, passwords and certificates.
 * @returns the path of its file
 * @throws NBS_SERVER_UNREACHABLE, NBS_DOWNLOAD_MISMATCH, or an error with the client's last line
 */
export async function downloadPackage(
  source: RegistrySource,
  folder: string,
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  let before: unknown;
  let wanted: Wanted | null = null;
  try {
    wanted = await findFile(source);
  } catch (error) {
    // npm itself was asked, and has no network.
    if (source.registry === 'npm' && networkReason(wordsOf(error)) !== null) throw failureOf(source, error);
    before = error;
  }
  try {
    if (wanted !== null) return await downloadFile(wanted, { folder, onProgress, answerTimeoutMs: ANSWER_TIMEOUT_MS });
  } catch (error) {
    // Bytes that are wrong are wrong for the client too, and a full disk is full for it.
    if (hasCode(error, DigestMismatch) || hasCode(error, DownloadBroken) || diskReason(error as Error) !== undefined) throw error;
    before = error;
  }
  try {
    return await downloadByClient(source, folder);
  } catch (error) {
    // A client that is not there says nothing about the registry.
    throw failureOf(source, before !== undefined && isWithoutClient(error) ? before : error);
  }
}

/** True if the client could not be started. */
function isWithoutClient(error: unknown): boolean {
  const { code, syscall = '' } = error as NodeJS.ErrnoException;
  return (code === 'ENOENT' && syscall.startsWith('spawn')) || /No module named pip/.test(wordsOf(error));
}

/** The package's file in the registry; null if only the client finds it. */
const findFile = (source: RegistrySource): Promise<Wanted | null> =>
  source.registry === 'npm' ? npmTarball(source) : pypiWheel(source);

const keyOf = (source: RegistrySource): string => `${source.registry}-${source.package}-${source.version}`.replaceAll('/', '+');

/** npm view knows the registry, and does not download the package. */
async function npmTarball(source: RegistrySource): Promise<Wanted | null> {
  const id = `${source.package}@${source.version}`;
  const args = ['view', id, 'dist', '--json', `--fetch-timeout=${ANSWER_TIMEOUT_MS}`, ...PATIENCE];
  const { stdout } = await run('npm', args, { cwd: tmpdir() });
  const { tarball, integrity } = JSON.parse(stdout) as { readonly tarball?: string; readonly integrity?: string };
  const sha512 = /sha512-(\S+)/.exec(integrity ?? '')?.[1];
  if (tarball === undefined || sha512 === undefined) return null;
  const digest = { algorithm: 'sha512', hex: Buffer.from(sha512, 'base64').toString('hex') } as const;
  return { what: `npm ${id}`, url: tarball, key: keyOf(source), digest, server: 'the npm registry', setting: 'npm' };
}

async function pypiWheel(source: RegistrySource): Promise<Wanted | null> {
  const index = await indexOfPip();
  const found = index === null ? null : await findWheel(index, source, ANSWER_TIMEOUT_MS);
  if (found === null) return null;
  const { url, sha256, ...size } = found;
  const digest = { algorithm: 'sha256', hex: sha256 } as const;
  const what = `PyPI ${source.package}==${source.version}`;
  return { what, url, key: keyOf(source), digest, ...size, server: 'PyPI', setting: 'pip' };
}

/** The index that pip is set to; null if only pip can use it. Without pip it is PyPI. */
async function indexOfPip(): Promise<string | null> {
  const listed = await run('python3', ['-m', 'pip', 'config', 'list'], { timeout: ANSWER_TIMEOUT_MS }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (/no-index=/.test(listed)) return null;
  const index = /(?:^|[.:])index-url='([^']+)'/m.exec(listed)?.[1] ?? 'https://pypi.org/simple';
  // fetch refuses an address with a password.
  return URL.canParse(index) && new URL(index).username === '' ? index : null;
}

const PATIENCE = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=1000', '--loglevel=error'];

async function downloadByClient(source: RegistrySource, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const mark = markIn(/^client-(\d[\d-]*)-/.exec(name)?.[1] ?? '');
    const path = join(folder, name);
    if (mark !== undefined && isLeft(mark, path, DOWNLOAD_TIMEOUT_MS)) await rm(path, { recursive: true, force: true });
  }
  // Beside the other downloads, so that the file can be renamed.
  const own = await mkdtemp(join(folder, `client-${markText(markProcess(process.pid))}-`));
  try {
    if (source.registry === 'npm') await npmPack(source, own);
    else await pipDownload(source, own);
    const [file] = await readdir(own);
    if (file === undefined) throw new Error('the client downloaded nothing');
    const kept = join(folder, keyOf(source));
    await rename(join(own, file), kept);
    return kept;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** npm pack runs no scripts of the package. */
async function npmPack(source: RegistrySource, folder: string): Promise<void> {
  const args = ['pack', `${source.package}@${source.version}`, '--ignore-scripts', ...PATIENCE, '--pack-destination', folder];
  await run('npm', args, { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
}

async function pipDownload(source: RegistrySource, folder: string): Promise<void> {
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
  await run('python3', ['-m', 'pip', ...args], { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS });
}

/** The reason why a client failed, in one line instead of its whole log. */
function failureOf(source: RegistrySource, error: unknown): Error {
  if (hasCode(error, ServerUnreachable)) return error as Error;
  const words = wordsOf(error);
  const reason = networkReason(words);
  const [server, setting] = source.registry === 'npm' ? ['the npm registry', 'npm'] : ['PyPI', 'pip'];
  if (reason !== null) return ServerUnreachable({ server, setting, reason }, error);
  if (isWithoutClient(error)) return new Error(`${setting} cannot be started: ${lastLine(words)}`, { cause: error });
  if (/ENOSPC|No space left/.test(words))
    return Object.assign(new Error('there is no space left for the download', { cause: error }), { code: 'ENOSPC' });
  return new Error(lastLine(words), { cause: error });
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

const lastLine = (words: string): string =>
  words
    .trim()
    .split('\n')
    .filter((line) => !/A complete log of this run|^npm (error|ERR!)\s*$/.test(line))
    .at(-1) ?? '';
