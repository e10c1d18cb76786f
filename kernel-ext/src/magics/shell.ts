import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import type { MagicContext } from './context.js';
import { SHELL, shellEnv } from './env.js';
import { CommandFailed } from './errors.js';

/** How long an interrupted command has between SIGINT and SIGKILL. */
const KILL_AFTER_MS = 2_000;

/**
 * Runs a shell command in the notebook's folder and streams what it prints. Resolves when it has ended well.
 * @throws NBS_COMMAND_FAILED with its exit code or signal
 */
export function runShell(command: string, context: MagicContext, shell = SHELL): Promise<void> {
  const { folder, output, signal, leadsGroup } = context;
  return new Promise((resolve, reject) => {
    // A process group of its own, so that an interrupt reaches what the shell started; or this process's, which is interrupted as a whole.
    const child = spawn(shell, ['-c', command], {
      cwd: folder,
      env: shellEnv(folder, context.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !leadsGroup,
    });
    let killer: NodeJS.Timeout | undefined;
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It is gone.
      }
    };
    const interrupt = (): void => {
      kill('SIGINT');
      killer = setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder('utf8');
      child[name].on('data', (chunk: Buffer) => output.stream(name, decoder.write(chunk)));
    }
    const ended = (): void => {
      clearTimeout(killer);
      signal.removeEventListener('abort', interrupt);
    };
    child.on('error', (error) => {
      ended();
      reject(CommandFailed(command, `could not be started: ${error.message}`));
    });
    child.on('close', (code, by) => {
      ended();
      if (code === 0) resolve();
      else reject(CommandFailed(command, code === null ? `was ended by ${by}` : `ended with exit code ${code}`));
    });
  });
}
