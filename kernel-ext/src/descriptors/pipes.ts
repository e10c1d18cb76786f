import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Both ends of a pipe, as descriptors of this process. */
export interface Pipe {
  /** Non-blocking: a read of an empty pipe fails with EAGAIN. */
  readonly readFd: number;
  /** Blocking: a write waits while the pipe is full. */
  readonly writeFd: number;
}

/**
 * Makes pipes. Node has no call for that, and for `'pipe'`, `spawn` makes a socket, which a shell cannot open again as `/dev/stderr`.
 * @throws Error if there is no `mkfifo`, or the folder of temporary files cannot be written to
 */
export function makePipes(count: number): Pipe[] {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-pipes-'));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    const paths = Array.from({ length: count }, (_, i) => join(folder, String(i)));
    execFileSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' });
    // The reading end comes first, because opening the other end waits for it.
    return paths.map((path) => ({
      readFd: open(path, constants.O_RDONLY | constants.O_NONBLOCK),
      writeFd: open(path, constants.O_WRONLY),
    }));
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
