import { createRequire } from 'node:module';

const POLL_MS = 1000;
const WNOHANG = 1;

/** Collects the exit codes of children that the program before this one in the process has left. Otherwise they would stay in the system's table as zombies. */
export function reap(pids: readonly number[]): void {
  if (pids.length === 0) return;
  let waitpid: ((pid: number, status: null, flags: number) => number) | undefined;
  let left = [...pids];
  const timer = setInterval(() => {
    try {
      if (waitpid === undefined) {
        const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
        waitpid = koffi.load(null).func('int waitpid(int pid, int *status, int flags)');
      }
      // 0 means that it still runs.
      left = left.filter((pid) => waitpid?.(pid, null, WNOHANG) === 0);
    } catch {
      left = [];
    }
    if (left.length === 0) clearInterval(timer);
  }, POLL_MS);
  timer.unref();
}
