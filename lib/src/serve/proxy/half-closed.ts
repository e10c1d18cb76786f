import type { Socket } from 'node:net';

const LOOK_MS = 500;

/**
 * A client that sends no more (FIN) while it is owed an answer has left, or only said all that it had to say: nothing tells the two apart until bytes go
 * to it. One that left answers them with a reset, which ends the connection. So bytes that go out anyway are waited for, or else asked for.
 * @param probe sends something that is no part of an answer; false where that cannot be done: then the client counts as gone
 */
export function watchHalfClosed(socket: Socket, probe: () => boolean): void {
  let written = socket.bytesWritten;
  const timer = setInterval(() => {
    if (socket.bytesWritten === written && !probe()) socket.destroy();
    written = socket.bytesWritten;
  }, LOOK_MS);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
