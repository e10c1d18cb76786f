import { writeSync } from 'node:fs';
import { LIFELINE_FD } from './lifeline-protocol.js';

/** A pipe that is full for so long has nobody who reads it. */
const PATIENCE_MS = 2000;

/**
 * Writes one message up the lifeline before this returns, so that it is said even if the process ends right after.
 * Does nothing where the owner is gone.
 */
export function tell(message: unknown): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  const deadline = Date.now() + PATIENCE_MS;
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(LIFELINE_FD, line, written);
    } catch (error) {
      // The watcher's thread has made the pipe non-blocking, for this thread as well.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
