import { existsSync, fstatSync } from 'node:fs';

const POLL_MS = 1000;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** How the kernel learns that nobody wants it any more. */
export interface Parent {
  /** The process that started the kernel: the value of `JPY_PARENT_PID`, or {@link parentInNode}; 0 watches nothing. */
  readonly pid: number;
  /**
   * A file that the parent removes when it ends the kernel; '' is none. VS Code sends SIGTERM and no message, and Node handles a signal in the main thread,
   * which code may block.
   */
  readonly file: string;
}

/**
 * Calls `onGone` when the process that started the kernel has ended. There are two signs: this process got another parent, or the process `pid`,
 * which may have started the kernel through a shell, does not exist any more. If the pid does not exist at the start, it belongs to another container or
 * machine, and is not watched.
 */
export function watchParent({ pid, file }: Parent, onGone: () => void): void {
  if (pid <= 0 || !exists(pid)) return;
  const ppid = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === ppid && exists(pid) && (file === '' || existsSync(file))) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}

/**
 * The parent, if it is a program in Node that keeps this process's input open; else 0. VS Code starts kernels so, and does not set `JPY_PARENT_PID`. Node makes
 * a socket for the input, and a process that is meant to outlive its parent has an input of another kind. Call it before descriptor 0 is replaced.
 */
export const parentInNode = (): number => (fstatSync(0).isSocket() ? process.ppid : 0);
