import { constants, readFileSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { MARKED_FDS } from './marks.js';
import type { OutputOrder } from './output-order.js';

const CHUNK_BYTES = 64 * 1024;
/** The most that Linux keeps in a pipe. If more comes, somebody writes just now, and may do so for ever. */
const MAX_PIPE_BYTES = 1024 * 1024;

/** Reads a pipe that has replaced a descriptor. */
class PipeReader {
  readonly fd: number;
  readonly readFd: number;
  readonly socket: Socket;

  constructor(fd: number, readFd: number, deliver: (chunk: Buffer) => void) {
    this.fd = fd;
    this.readFd = readFd;
    this.socket = new Socket({ fd: readFd, readable: true, writable: false });
    this.socket.on('data', deliver);
    this.socket.on('error', () => {});
  }

  /** Reads no further, so that whoever prints waits when the pipe is full. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** While it is paused: delivers what Node has read, and lets it read as much again. */
  sip(): void {
    // It emits `data` too.
    this.socket.read();
  }

  /** Whether a write fails while the pipe is full. All who have inherited the descriptor share this with this process, and each may change it. */
  isNonBlocking(): boolean {
    try {
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${this.fd}`, 'utf8'))?.[1] ?? '0';
      return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
    } catch {
      // User code has closed it, or there is no such file on this system.
      return false;
    }
  }
}

/** Reads the pipes that have replaced the descriptors 1 and 2. */
export class PipeReaders<M> {
  readonly pipes: readonly PipeReader[];
  readonly #order: OutputOrder<M>;

  /** @param readFds reading ends, in the order of {@link MARKED_FDS} */
  constructor(readFds: readonly number[], order: OutputOrder<M>) {
    this.#order = order;
    this.pipes = readFds.map((readFd, i) => {
      const fd = MARKED_FDS[i] as number;
      return new PipeReader(fd, readFd, (chunk) => order.bytes(fd, chunk));
    });
  }

  /** Reads and delivers what is in the pipes, and closes them. It does not wait for their end, because another process may hold them open. */
  finish(): void {
    for (const { fd, readFd, socket } of this.pipes) {
      if (!socket.destroyed) {
        socket.pause();
        socket.read();
        for (const chunk of restOf(readFd)) this.#order.bytes(fd, chunk);
      }
      socket.destroy();
    }
    this.#order.end();
  }
}

/** The bytes that are in a pipe now. */
function* restOf(readFd: number): Iterable<Buffer> {
  for (let read = 0; read < MAX_PIPE_BYTES; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let length = 0;
    try {
      length = readSync(readFd, chunk);
    } catch {
      // EAGAIN means that it is empty.
    }
    if (length === 0) return;
    read += length;
    yield chunk.subarray(0, length);
  }
}
