import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import type { MagicContext } from './context.js';
import { SHELL, shellEnv } from './env.js';
import { CommandFailed, withoutStack } from './errors.js';

/** How long an interrupted command has between SIGINT and SIGKILL. */
const KILL_AFTER_MS = 2_000;
/** The shell has ended and nothing more came for so long: what it had printed has been read. */
const QUIET_MS = 50;

/**
 * Runs a shell command in the notebook's folder and streams what it prints. Resolves when the shell has ended well, also if it left something in the background.
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
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It is gone.
      }
    };
    const interrupt = (): void => {
      kill('SIGINT');
      // Also when the shell has ended by then: what it put into the background ignores SIGINT.
      setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    let heard = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder('utf8');
      child[name].on('data', (chunk: Buffer) => {
        heard += chunk.length;
        output.stream(name, decoder.write(chunk));
      });
    }
    child.on('error', (error) => {
      signal.removeEventListener('abort', interrupt);
      reject(withoutStack(CommandFailed({ command, how: `could not be started: ${error.message}` })));
    });
    const ended = (code: number | null, by: NodeJS.Signals | null): void => {
      signal.removeEventListener('abort', interrupt);
      const how = code === null ? `was ended by ${by}` : `ended with exit code ${code}`;
      if (code === 0) resolve();
      else reject(withoutStack(CommandFailed({ command, how })));
    };
    child.on('close', ended);
    child.on('exit', (code, by) => {
      // What the shell put into the background keeps the pipes open; what that prints later still reaches the cell.
      const untilQuiet = (before: number): void => {
        setTimeout(() => (heard === before ? ended(code, by) : untilQuiet(heard)), QUIET_MS);
      };
      untilQuiet(heard);
    });
  });
}
