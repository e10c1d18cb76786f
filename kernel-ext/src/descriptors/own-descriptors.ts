import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { MARKED_FDS, newSecret } from './marks.js';
import { makePipes, type Pipe } from './pipes.js';

/** The descriptors 1 and 2 of this process, after they were replaced by pipes that this process reads. */
export interface OwnDescriptors {
  /** The secret of the marks. */
  readonly secret: string;
  /** The reading ends of the pipes, in the order of {@link MARKED_FDS}. It is empty if nothing was replaced. */
  readonly readFds: readonly number[];
  /** Copies of the descriptors as they were before, in the same order, for this process's own log. */
  readonly originals: readonly number[];
}

/** The result if nothing is replaced. */
export const asTheyAre = (): OwnDescriptors => ({ secret: newSecret(), readFds: [], originals: MARKED_FDS });

/**
 * Replaces the descriptors 1 and 2 by pipes, so that this process can read what children and native code print, and makes descriptor 0 empty. Call it before
 * anything else opens files or uses `process.stdout`. If pipes cannot be made, 1 and 2 stay as they are.
 */
export function replaceDescriptors(): OwnDescriptors {
  emptyInput();
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

/** VS Code and others keep the kernel's input open and never write to it. A cell or a child that reads it would wait for ever. */
function emptyInput(): void {
  closeSync(0);
  // The system gives the lowest free number.
  openSync(devNull, 'r');
}

/** Makes another descriptor for the same file. */
function keep(fd: number): number {
  try {
    return reopen(fd, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch (error) {
    // If the parent is a Node process or systemd, the descriptor is a socket. It cannot be opened again, but a child can inherit it.
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return keepInChild(fd);
  }
}

/** @returns the writing end of a pipe that a child copies to `fd`; it ends with this process */
function keepInChild(fd: number): number {
  const [{ readFd, writeFd }] = makePipes(1) as [Pipe];
  const blocking = reopen(readFd, constants.O_RDONLY);
  // It gets a session of its own, so that no signal for the cells ends it.
  const child = spawn('cat', [], { stdio: [blocking, fd, 'ignore'], detached: true });
  child.on('error', () => {});
  child.unref();
  closeSync(blocking);
  closeSync(readFd);
  return writeFd;
}

/** Opens the file of a descriptor again, because Node has no `dup`. */
const reopen = (fd: number, flags: number): number => openSync(`/dev/fd/${fd}`, flags);

/** Does the same as `dup2`: the system gives the lowest free number. @returns false if the number was another one */
function put(from: number, to: number): boolean {
  closeSync(to);
  const got = reopen(from, constants.O_WRONLY);
  if (got === to) return true;
  closeSync(got);
  return false;
}
