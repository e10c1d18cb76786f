/**
 * Runs in a worker thread of every child: holds the owner's pipe and ends the process, with all that it started, when the owner is
 * gone. SIGKILL, because the main thread may be in a loop that no handler can interrupt.
 */
import { Socket } from 'node:net';
import { LIFELINE_FD } from './local/lifeline-protocol.js';

function end(): void {
  try {
    // The child leads a process group of its own: what user code has spawned goes with it.
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
lifeline.on('data', () => {});
lifeline.on('error', end);
lifeline.on('close', end);
