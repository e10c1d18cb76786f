import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { MARKED_FDS } from './marks.js';
import type { OutputOrder } from './output-order.js';

const CHUNK_BYTES = 64 * 1024;
/** The most that Linux keeps in a pipe. If more comes, somebody writes just now, and may do so for ever. */
const MAX_PIPE_BYTES = 1024 * 1024;

/** Reads the pipes that have replaced the descriptors 1 and 2. */
export class PipeReaders<M> {
  readonly #order: OutputOrder<M>;
  readonly #readers: readonly { readonly fd: number; readonly readFd: number; readonly socket: Socket }[];

  /** @param readFds reading ends, in the order of {@link MARKED_FDS} */
  constructor(readFds: readonly number[], order: OutputOrder<M>) {
    this.#order = order;
    this.#readers = readFds.map((readFd, i) => {
      const fd = MARKED_FDS[i] as number;
      const socket = new Socket({ fd: readFd, readable: true, writable: false });
      socket.on('data', (chunk) => order.bytes(fd, chunk));
      socket.on('error', () => {});
      return { fd, readFd, socket };
    });
  }

  /** Reads no further, so that whoever prints waits when a pipe is full. */
  pause(): void {
    for (const { socket } of this.#readers) socket.pause();
  }

  resume(): void {
    for (const { socket } of this.#readers) socket.resume();
  }

  /** While they are paused: delivers what Node has read of each pipe, and lets it read as much again. */
  sip(): void {
    // It emits `data` too.
    for (const { socket } of this.#readers) socket.read();
  }

  /** Reads and delivers what is in the pipes, and closes them. It does not wait for their end, because another process may hold them open. */
  finish(): void {
    for (const { fd, readFd, socket } of this.#readers) {
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
