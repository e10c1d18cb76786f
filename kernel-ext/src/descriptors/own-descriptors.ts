import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { MARKED_FDS, newSecret } from './marks.js';
import { makePipes, type Pipe } from './pipes.js';

/** The descriptors 1 and 2 of this process, which now lead back into it. */
export interface OwnDescriptors {
  /** For the marks. */
  readonly secret: string;
  /** Reading ends of the pipes, in the order of {@link MARKED_FDS}. Empty: nothing was replaced. */
  readonly readFds: readonly number[];
  /** What the descriptors were before, in the same order: for this process's own last words. */
  readonly originals: readonly number[];
}

/** Nothing is replaced. */
export const asTheyAre = (): OwnDescriptors => ({ secret: newSecret(), readFds: [], originals: MARKED_FDS });

/**
 * Puts pipes in the place of the descriptors 1 and 2, so that what children and native code print comes back to this process. To be called before
 * anything else opens files, or has looked at `process.stdout`. If there are no pipes to be had, all stays as it is.
 */
export function replaceDescriptors(): OwnDescriptors {
  const opened: number[] = [];
  let pipes: Pipe[] = [];
  try {
    for (const fd of MARKED_FDS) opened.push(keep(fd));
    pipes = makePipes(MARKED_FDS.length);
    for (const [i, { writeFd }] of pipes.entries()) {
      const fd = MARKED_FDS[i] as number;
      if (!put(writeFd, fd)) put(opened[i] as number, fd);
    }
    return { secret: newSecret(), readFds: pipes.map(({ readFd }) => readFd), originals: opened };
  } catch {
    for (const fd of opened) closeSync(fd);
    return asTheyAre();
  } finally {
    for (const { writeFd } of pipes) closeSync(writeFd);
  }
}

/** Another descriptor for what this one leads to. */
function keep(fd: number): number {
  try {
    return reopen(fd, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch (error) {
    // A socket, as those get it whose parent is a Node process or systemd, cannot be opened again; but a child can inherit it.
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return keepInChild(fd);
  }
}

/** @returns the writing end of a pipe that a child copies to `fd`; it ends with this process */
function keepInChild(fd: number): number {
  const [{ readFd, writeFd }] = makePipes(1) as [Pipe];
  const blocking = reopen(readFd, constants.O_RDONLY);
  // In a session of its own, so that no signal for the cells ends it.
  const child = spawn('cat', [], { stdio: [blocking, fd, 'ignore'], detached: true });
  child.on('error', () => {});
  child.unref();
  closeSync(blocking);
  closeSync(readFd);
  return writeFd;
}

/** Opens once more what a descriptor leads to. Node has no `dup`. */
const reopen = (fd: number, flags: number): number => openSync(`/dev/fd/${fd}`, flags);

/** As `dup2`: the system gives the lowest number that is free. @returns false if it was another one */
function put(from: number, to: number): boolean {
  closeSync(to);
  const got = reopen(from, constants.O_WRONLY);
  if (got === to) return true;
  closeSync(got);
  return false;
}
