import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads what has arrived at a socket and was not read yet.
 * @returns true if the peer has closed its side, so that nothing more can come
 */
export type ReadRest = (onChunk: (chunk: Buffer) => void) => boolean;

/**
 * After an error while writing, Node closes a socket, and what was not read yet is lost. Before that, this calls `action`, which can read it. It is only for
 * sockets of this machine, whose bytes are not encrypted.
 */
export function beforeWriteErrorCloses(socket: Socket, action: (readRest: ReadRest) => void): void {
  const close = socket._destroy;
  socket._destroy = (error, closed) => {
    const isWriteError = (error as NodeJS.ErrnoException | null)?.syscall === 'write';
    if (isWriteError && !socket.readableEnded) action((onChunk) => readRest(socket, onChunk));
    close.call(socket, error, closed);
  };
}

function readRest(socket: Socket, onChunk: (chunk: Buffer) => void): boolean {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
  if (fd < 0) return false;
  for (;;) {
    // The receivers keep parts of it.
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let length: number;
    try {
      length = readSync(fd, chunk);
    } catch (error) {
      // This is how a connection ends if the peer had not read everything. It comes after all that the peer has sent.
      return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
    }
    if (length === 0) return true;
    onChunk(chunk.subarray(0, length));
  }
}
