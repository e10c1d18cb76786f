import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunnerArgs } from './runner-args.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/** Flags that an interrupt of running code needs; see `control/unwind.ts`. */
const NODE_FLAGS = ['--no-force-async-hooks-checks', '--no-warnings'];

/** Executes one notebook in a process of its own. @returns its exit code: 0, 1 where a cell failed, 2 where it could not be run */
export function executeNotebook(args: RunnerArgs): Promise<number> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, JSON.stringify(args)], { stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl-C reaches the child by itself; we wait for its end, so that the notebook is written and the cluster gone.
  const wait = (): void => {};
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', wait);
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 1));
    });
  });
}
