const POLL_MS = 1000;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Calls `onGone` once the process that started the kernel has ended. Two signs: our parent changed (we were adopted),
 * or `parentPid` itself is gone (it started us through a shell). A pid that does not exist at the start belongs to
 * another container or machine and says nothing.
 * @param parentPid what `JPY_PARENT_PID` says; 0: nothing is watched
 */
export function watchParent(parentPid: number, onGone: () => void): void {
  if (parentPid <= 0 || !exists(parentPid)) return;
  const ppid = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === ppid && exists(parentPid)) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}
