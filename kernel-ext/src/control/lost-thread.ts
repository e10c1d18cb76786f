import type { Worker } from 'node:worker_threads';
import { type Connection, logToStderr, removeSocketFiles } from '../wire/index.js';

/** Ends the process at once, because without its control thread nobody can reach it: clients would wait for ever, and Jupyter restarts a kernel only if its process has ended. */
export function endWithout(connection: Connection, why: string): void {
  logToStderr(`the control thread has ended (${why}), so the kernel ends too`);
  removeSocketFiles(connection);
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Calls `lost` if a thread ends by itself. zeromq.js aborts the process if a thread ends while its sockets are open, for example because its heap is full, but
 * does not promise to. @param isClosed whether it was asked to end
 */
export function watchThread(worker: Worker, isClosed: () => boolean, lost: (why: string) => void): void {
  let why = 'it said no reason';
  worker.on('error', (error) => {
    why = String(error);
  });
  worker.on('exit', () => {
    if (!isClosed()) lost(why);
  });
}
