import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { childEnv, patience, programPath } from '../../core/index.js';

/** Longer than npm needs for its own retries of the network. */
const LIMIT_MS = 10 * 60_000;
const OUTPUT_MAX = 4000;
/** npm's words about itself, which do not say what is wrong. */
const NOISE = /^\s*$|complete log of this run can be found|-debug-\d+\.log/;

/** Why npm failed: its code, such as `E404`, and what it printed. */
export class NpmFailure extends Error {
  readonly code: string;

  constructor(code: string, output: string) {
    super(output);
    this.code = code;
  }
}

export interface NpmRun {
  /** The folder with the `package.json`. */
  readonly folder: string;
  /** Whether there is a `package-lock.json` to be followed. */
  readonly isLocked: boolean;
}

/**
 * Installs what the `package.json` in a folder names. Nothing of the user's is in the command line, there is no shell, and no script of a package runs.
 * The process belongs to this one's group, so it ends with it.
 * @throws NpmFailure
 */
export async function npmInstall({ folder, isLocked }: NpmRun): Promise<void> {
  const flags = ['--ignore-scripts', '--omit=dev', '--global=false', '--workspaces=false', `--prefix=${folder}`];
  const quiet = ['--audit=false', '--fund=false', '--update-notifier=false', '--progress=false', '--loglevel=error'];
  // If the PATH has no npm, the one that came with this Node is used.
  const path = [programPath(), dirname(process.execPath)].filter(Boolean).join(delimiter);
  const npm = spawn('npm', [isLocked ? 'ci' : 'install', ...flags, ...quiet], {
    cwd: folder,
    env: childEnv({ PATH: path, NODE_OPTIONS: '' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, output } = await ended(npm);
  if (code !== 0) throw failureOf(output, code);
}

function ended(npm: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_MAX);
    };
    npm.stdout?.on('data', keep);
    npm.stderr?.on('data', keep);
    const stop = patience(LIMIT_MS, () => {
      npm.kill('SIGKILL');
      reject(new NpmFailure('ETIMEDOUT', `it was not done after ${LIMIT_MS / 60_000} minutes\n${output}`));
    });
    npm.on('error', (error: NodeJS.ErrnoException) => {
      stop();
      const words = error.code === 'ENOENT' ? 'there is no npm on the PATH of the cluster' : error.message;
      reject(new NpmFailure(error.code ?? 'ERROR', words));
    });
    npm.on('close', (code, signal) => {
      stop();
      resolve({ code, output: signal === null ? output : `${output}\nit was ended by ${signal}` });
    });
  });
}

/** Reads npm's error: each line begins with `npm error` (npm 10 and later) or `npm ERR!`. */
export function failureOf(output: string, exit: number | null): NpmFailure {
  const lines = output.split('\n');
  const errors = lines.flatMap((line) => /^npm (?:error|ERR!)\s?(.*)$/.exec(line)?.[1] ?? []);
  const code = errors.flatMap((line) => /^code (\S+)$/.exec(line)?.[1] ?? [])[0] ?? `exit code ${exit}`;
  const words = (errors.length > 0 ? errors : lines).filter((line) => !NOISE.test(line) && !/^code \S+$/.test(line));
  return new NpmFailure(code, withoutSecrets(words.join('\n')));
}

/** The address of a registry may contain a password. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/(\/\/)[^/\s@]+@/g, '$1***@');
}
