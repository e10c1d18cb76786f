import { processTable } from '../children/index.js';

/** How long children of an interrupted cell have between SIGINT and SIGKILL if the main thread waits for one of them. */
const BLOCKING_MS = 600;
/** How long they have if it does not. */
const GRACE_MS = 2000;
const POLL_MS = 50;

/**
 * Passes an interrupt on to children of a cell, and kills those that do not end.
 * @param blocked returns true as long as the main thread has not answered
 */
export function interruptChildren(pids: readonly number[], blocked: () => boolean): void {
  const at = performance.now();
  let reached = pids.filter((pid) => send(pid, 'SIGINT'));
  if (reached.length === 0) return;
  const timer = setInterval(() => {
    const waitedMs = performance.now() - at;
    // A pid may have been used again. Then its process is younger than the signal.
    const alive = new Set(processTable().flatMap(({ pid, ageMs }) => (ageMs + POLL_MS >= waitedMs ? pid : [])));
    reached = reached.filter((pid) => alive.has(pid));
    if (reached.length > 0 && waitedMs < (blocked() ? BLOCKING_MS : GRACE_MS)) return;
    clearInterval(timer);
    for (const pid of reached) send(pid, 'SIGKILL');
  }, POLL_MS);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // The child has ended.
    return false;
  }
}
