import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { packageRunner } from '../core/index.js';

/** What a command says then. */
export const RUNNER_GONE = 'npx, which has started this command, is gone';

const POLL_MS = 1000;
/** Matches the title that npm gives its process, or its file: `npm exec nbserve run …`, `node /usr/lib/node_modules/npm/bin/npx-cli.js …`. */
const RUNNER = /^(npm|npx|pnpm|yarn|bunx?)\b|\/(npm|npx|pnpm|yarn)(-cli)?(\.c?js)?\b/;
/** How many ancestors are looked at: npm may be the parent of a shell that is the parent of this process. */
const GENERATIONS = 2;

interface Ancestor {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function ancestor(pid: number): Ancestor | undefined {
  try {
    // The second field is the command in parentheses and may hold spaces and parentheses itself.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command };
  } catch {
    return fromPs(pid);
  }
}

/** Asks `ps`, because macOS has no `/proc`. Small images of Linux have no `ps`. */
function fromPs(pid: number): Ancestor | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
  const [, parent, command] = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '') ?? [];
  return parent === undefined || command === undefined ? undefined : { pid, parent: Number(parent), command };
}

/** The process of npm or npx that has started this one, and the processes between them. It is empty if there is none. */
function runnerChain(): readonly Ancestor[] {
  const chain: Ancestor[] = [];
  let pid = process.ppid;
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    const found = ancestor(pid);
    if (found === undefined) return [];
    chain.push(found);
    if (RUNNER.test(found.command)) return chain;
    pid = found.parent;
  }
  return [];
}

/**
 * If npm or npx has started this process, resolves when that has ended. Call it at the start. Somebody who ends npx wants to end the command, but a
 * SIGTERM ends only npx and its shell. Other parents are not watched: with `nohup` and `&`, a command is meant to outlive its shell.
 */
export function packageRunnerGone(): Promise<void> {
  gone ??= watchRunner();
  return gone;
}

let gone: Promise<void> | undefined;

function watchRunner(): Promise<void> {
  const { ppid } = process;
  const chain = packageRunner() === undefined ? [] : runnerChain();
  return new Promise((resolve) => {
    if (chain.length === 0) return;
    const timer = setInterval(() => {
      if (process.ppid === ppid && chain.every(({ pid }) => isThere(pid))) return;
      clearInterval(timer);
      resolve();
    }, POLL_MS);
    timer.unref();
  });
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
