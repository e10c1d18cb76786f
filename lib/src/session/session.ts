import { AsyncLocalStorage } from 'node:async_hooks';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidOption, shortId } from '../core/index.js';

/** Files of a trained model. */
export interface TrainCheckpoint {
  /** The folder that has them. */
  readonly path: string;
}

/** What runs the current training. */
export interface Session {
  /** The folder for the files of this training. */
  readonly folder: string;
  /** The checkpoint to continue from, or null. */
  readonly checkpoint: TrainCheckpoint | null;
  /** Tells about progress. Resolves to false if the training should end. */
  report(metrics: Readonly<Record<string, number>>, checkpoint?: TrainCheckpoint): Promise<boolean>;
  /** The training begins again from its last checkpoint, and will report again what it has reported since. */
  goBack?(): void;
}

/** Thrown by `tune.report` at the user's function when the scheduler has ended the trial. Do not catch it, except to clean up. */
export class TrialStopped extends Error {
  override readonly name = 'TrialStopped';
  constructor() {
    super('the scheduler has ended this trial');
  }
}

const sessions = new AsyncLocalStorage<Session>();

/** The session that runs the calling code, if one does. */
export const currentSession = (): Session | undefined => sessions.getStore();

export const runInSession = <T>(session: Session, work: () => T): T => sessions.run(session, work);

/**
 * The folder of a result, as an absolute path.
 * @param storagePath the folder of results; if it is not given, one in the system's folder for temporary files
 * @param name the name of the result; if it is not given, a new one
 * @throws NBS_INVALID_OPTION if the folder is a URL, such as `s3://bucket`, or if another user has made the one for temporary files
 */
export function resultFolder(kind: string, storagePath: string | undefined, name: string | undefined): string {
  if (storagePath !== undefined && /^[a-z][a-z0-9+.-]+:\/\//i.test(storagePath)) {
    const expected = 'the path of a folder of this machine, not a URL';
    throw InvalidOption({ where: 'runConfig', option: 'storagePath', expected, value: JSON.stringify(storagePath) });
  }
  return join(
    resolve(storagePath ?? ownResults()),
    name ?? `${kind}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${shortId(4)}`,
  );
}

/** This user's folder of results for which no other is named. Everybody may write to the folder around it. A user of a container may have no name. */
function ownResults(): string {
  const folder = join(tmpdir(), `nbserve-results-${process.getuid?.() ?? userInfo().username}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) {
    const expected = `a folder of yours, because ${folder} is not`;
    throw InvalidOption({ where: 'runConfig', option: 'storagePath', expected, value: 'nothing' });
  }
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  return folder;
}
