import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { beginningOf } from 'nbserve/basics';
import type { MagicContext } from './context.js';
import { SHELL, shellEnv } from './env.js';
import { CommandFailed, CommandTooLong, FolderGone, withoutStack } from './errors.js';

/** How long an interrupted command has between SIGINT and SIGKILL. */
const KILL_AFTER_MS = 2_000;
/** If the shell has ended and no output came for so long, all that it printed has been read. */
const QUIET_MS = 50;
/** After so many times, it is not waited for any more, because a background process may print for ever. */
const MAX_WAITS = 10;

interface ShellOptions {
  readonly shell?: string;
  /** What errors call the command. @default `!` and the command */
  readonly name?: string;
  readonly options?: readonly string[];
  /** More variables, which this command alone has. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a shell command in the notebook's folder and streams its output. Resolves when the shell has ended with exit code 0, even if it left processes in the
 * background.
 * @throws NBS_COMMAND_FAILED with its exit code or signal; NBS_COMMAND_TOO_LONG; NBS_FOLDER_GONE
 */
export function runShell(
  command: string,
  context: MagicContext,
  { shell = SHELL, options = [], env = {}, name: called = `!${command}` }: ShellOptions = {},
): Promise<void> {
  const { folder, output, signal, leadsGroup } = context;
  return new Promise((resolve, reject) => {
    // It gets a process group of its own, so that an interrupt reaches what the shell started. If this process's group is interrupted as a whole, it stays there.
    const child = started(called, () =>
      spawn(shell, [...options, '-c', command], {
        cwd: folder,
        env: { ...shellEnv(folder, context.env), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: !leadsGroup,
      }),
    );
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended.
      }
    };
    const interrupt = (): void => {
      kill('SIGINT');
      // Also if the shell has ended by then, because its background processes ignore SIGINT.
      setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    let heard = 0;
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    const print = (name: 'stdout' | 'stderr', text: string): void => {
      if (text !== '') output.stream(name, text);
    };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        heard += chunk.length;
        print(name, decoders[name].write(chunk));
      });
    }
    child.on('error', (error) => {
      signal.removeEventListener('abort', interrupt);
      // The system does not say whether it is the shell or the folder that does not exist.
      if (!existsSync(folder)) reject(withoutStack(FolderGone({ folder })));
      else reject(withoutStack(CommandFailed({ command: called, how: `could not be started: ${error.message}` })));
    });
    const ended = (code: number | null, by: NodeJS.Signals | null, isQuiet = true): void => {
      signal.removeEventListener('abort', interrupt);
      // Half a character, which nothing completes any more.
      if (isQuiet) for (const name of ['stdout', 'stderr'] as const) print(name, decoders[name].end());
      const how = code === null ? `was ended by ${by}` : `ended with exit code ${code}`;
      if (code === 0) resolve();
      else reject(withoutStack(CommandFailed({ command: called, how })));
    };
    child.on('close', ended);
    child.on('exit', (code, by) => {
      // Background processes of the shell keep the pipes open. What they print later still reaches the cell.
      const untilQuiet = (before: number, waits: number): void => {
        setTimeout(() => {
          const isQuiet = heard === before;
          if (isQuiet || waits === MAX_WAITS) ended(code, by, isQuiet);
          else untilQuiet(heard, waits + 1);
        }, QUIET_MS);
      };
      untilQuiet(heard, 1);
    });
  });
}

/** How much of a command an error shows, in UTF-16 units. */
const SHOWN_UNITS = 60;

/** @throws NBS_COMMAND_TOO_LONG */
function started<Child>(command: string, start: () => Child): Child {
  try {
    return start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error;
    const shown = command.length > SHOWN_UNITS ? `${beginningOf(command, SHOWN_UNITS)}…` : command;
    throw withoutStack(CommandTooLong({ command: shown }));
  }
}
