import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isOurs } from '../core/index.js';
import { digestOf, type GivenDigest } from './digest.js';
import { DigestMismatch, DownloadBroken, DownloadRefused, ServerUnreachable } from './errors.js';
import { networkReason, wordsOf } from './network-reason.js';
import { claimPart } from './part-files.js';

/** A file to download. */
export interface Wanted {
  /** Names it in messages. */
  readonly what: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Its name in the folder of downloads. The same key must mean the same bytes. */
  readonly key: string;
  readonly digest?: GivenDigest;
  /** Its size, if it is known. Some proxies do not pass on what the server says. */
  readonly bytes?: number;
  /** Names the server, and what sets its address, in the message that it cannot be reached. */
  readonly server: string;
  readonly setting: string;
}

export interface DownloadOptions {
  /** The folder in which it is kept. */
  readonly folder: string;
  /** Called when bytes have come. `total` is 0 as long as the server does not say it. */
  readonly onProgress?: (done: number, total: number) => void;
  /** How long the server may take to begin its answer, in milliseconds. @default 10_000 */
  readonly answerTimeoutMs?: number;
  /** How long it may send nothing after that. @default 30_000 */
  readonly idleTimeoutMs?: number;
  /** How often a download that breaks off is continued. @default 5 */
  readonly attempts?: number;
}

/** A fault that another attempt may not meet. */
class Broken extends Error {
  constructor(
    message: string,
    readonly waitMs = 0,
  ) {
    super(message);
  }
}

const LONGEST_WAIT_MS = 20_000;
/** As `a+`, but through no link. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;

/**
 * Downloads a file, and compares it with its digest. What an attempt or a killed process has left is continued by a range request.
 * @returns its path in `folder`
 * @throws NBS_SERVER_UNREACHABLE, NBS_DOWNLOAD_REFUSED, NBS_DOWNLOAD_BROKEN, NBS_DOWNLOAD_MISMATCH, or the error of the file system; if that is one of a write, nothing is left
 */
export async function downloadFile(wanted: Wanted, options: DownloadOptions): Promise<string> {
  const whole = join(options.folder, wanted.key);
  // A process that was killed after the download has left it.
  if (isOurs(whole) && (await mismatch(wanted, whole)) === null) return whole;
  const { path, release } = await claimPart(options.folder, wanted.key);
  try {
    const continued = await completePart(wanted, path, options);
    let actual = await mismatch(wanted, path);
    if (actual !== null && continued) {
      // The beginning was not of this file. One download from its first byte shows which of both is wrong.
      await rm(path);
      await completePart(wanted, path, options);
      actual = await mismatch(wanted, path);
    }
    if (actual !== null) {
      await rm(path);
      const { algorithm, hex } = wanted.digest as GivenDigest;
      throw DigestMismatch({ what: wanted.what, algorithm, actual, expected: hex });
    }
    await rename(path, whole);
    return whole;
  } catch (error) {
    // Nobody continues it as long as the disk is full, and it is a part of what fills the disk.
    if ((error as NodeJS.ErrnoException).syscall === 'write') await rm(path, { force: true }).catch(() => {});
    throw error;
  } finally {
    release();
  }
}

/** The file's digest if it is not the expected one, else null. */
async function mismatch({ digest }: Wanted, path: string): Promise<string | null> {
  if (digest === undefined) return null;
  const actual = await digestOf(path, digest.algorithm);
  return actual === digest.hex ? null : actual;
}

/** How far a download is. */
interface Progress {
  got: number;
  total: number;
  /** Whether the file still begins with bytes that were there before. */
  isContinued: boolean;
}

/** Makes the part file complete. @returns true if it had a beginning already, and still has it */
async function completePart(wanted: Wanted, path: string, options: DownloadOptions): Promise<boolean> {
  const { attempts = 5 } = options;
  const file = await open(path, APPEND);
  try {
    const progress: Progress = { got: 0, total: 0, isContinued: (await file.stat()).size > 0 };
    for (let attempt = 1; ; attempt += 1) {
      progress.got = (await file.stat()).size;
      progress.total = 0;
      try {
        await receive(wanted, file, progress, options);
        return progress.isContinued;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        const { what } = wanted;
        const total = progress.total || 'an unknown number of';
        if (attempt >= attempts) throw DownloadBroken({ what, got: progress.got, total, attempts, reason: error.message }, error);
        await wait(Math.min(error.waitMs || 250 * 2 ** (attempt - 1), LONGEST_WAIT_MS));
      }
    }
  } finally {
    await file.close();
  }
}

/** Appends what is missing. @throws Broken if another attempt may bring the rest */
async function receive(wanted: Wanted, file: FileHandle, progress: Progress, options: DownloadOptions): Promise<void> {
  const { onProgress, answerTimeoutMs = 10_000, idleTimeoutMs = 30_000 } = options;
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Broken(`no answer within ${answerTimeoutMs / 1000} s`)), answerTimeoutMs);
  try {
    const range: Record<string, string> = progress.got > 0 ? { range: `bytes=${progress.got}-` } : {};
    const headers = { 'accept-encoding': 'identity', ...wanted.headers, ...range };
    const response = await fetch(wanted.url, { headers, signal: abort.signal }).catch((error: unknown) => {
      throw abort.signal.aborted ? unreachable(wanted, 'it does not answer in time') : unreachable(wanted, error);
    });
    const kind = rangeOf(response, progress.got);
    // The body of such an answer is no part of the file: it is a page for people, for example.
    if (kind === 'complete' || kind === 'beyond' || kind === 'refused') await response.body?.cancel();
    if (kind === 'complete') return;
    if (kind === 'refused') refuse(wanted, response);
    if (kind === 'from-start' || kind === 'beyond') {
      await file.truncate(0);
      progress.got = 0;
      progress.isContinued = false;
    }
    if (kind === 'beyond') {
      clearTimeout(timer);
      return await receive(wanted, file, progress, options);
    }
    const length = Number(response.headers.get('content-length') ?? 0);
    progress.total = length === 0 ? (wanted.bytes ?? 0) : progress.got + length;
    onProgress?.(progress.got, progress.total);
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(new Broken(`nothing came for ${idleTimeoutMs / 1000} s`)), idleTimeoutMs);
        await file.writeFile(chunk);
        progress.got += chunk.length;
        onProgress?.(progress.got, progress.total);
      }
    } catch (error) {
      // The disk is full, for example.
      if ((error as NodeJS.ErrnoException).syscall === 'write') throw error;
      throw abort.signal.reason ?? new Broken(networkReason(wordsOf(error)) ?? 'the connection broke');
    }
    if (progress.total > 0 && progress.got < progress.total) throw new Broken('the server ended it too early');
  } finally {
    clearTimeout(timer);
  }
}

/** What the answer to a request from byte `got` on contains. */
function rangeOf({ status, headers }: Response, got: number): 'rest' | 'from-start' | 'complete' | 'beyond' | 'refused' {
  const range = headers.get('content-range') ?? '';
  // 416: the file ends at this byte; or before it, and then it is another file; or the server does not say where.
  if (status === 416 && got > 0) return range === `bytes */${got}` ? 'complete' : 'beyond';
  if (status === 206) return range.startsWith(`bytes ${got}-`) ? 'rest' : 'refused';
  return status === 200 ? 'from-start' : 'refused';
}

function refuse({ what }: Wanted, { status, headers, url }: Response): never {
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500;
  const reason = `${new URL(url).host} answered with status ${status}`;
  if (!isPassing) throw DownloadRefused({ what, reason });
  throw new Broken(reason, Number(headers.get('retry-after')) * 1000 || 0);
}

/** The error of a request without an answer. */
export function unreachable({ server, setting }: Pick<Wanted, 'server' | 'setting'>, cause: unknown): Error {
  const reason = typeof cause === 'string' ? cause : (networkReason(wordsOf(cause)) ?? (cause as Error).message);
  return ServerUnreachable({ server, setting, reason }, cause);
}
