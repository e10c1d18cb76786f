import { chmodSync } from 'node:fs';
import { Router, XPublisher } from 'zeromq';
import { type ChannelName, type Connection, endpoint, socketPath } from './connection.js';

/** How long an unsent message may hold up the end of the process. */
const LINGER_MS = 1000;
/** A frame over this size ends its sender's connection. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

const OPTIONS = { linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: MAX_FRAME_BYTES } as const;

/** Binds the socket of a channel that answers: shell, stdin, control, hb. @param opened is told of the socket before it is bound */
export async function bindRouter(
  connection: Connection,
  channel: Exclude<ChannelName, 'iopub'>,
  opened: { close(): void }[],
): Promise<Router> {
  // A client that reconnects under its old identity (a reloaded page) takes over its queue.
  const socket = new Router({ ...OPTIONS, handover: true });
  opened.push(socket);
  await socket.bind(endpoint(connection, channel));
  keepPrivate(connection, channel);
  return socket;
}

/** A socket file comes with the permissions that the umask leaves, and who can connect to iopub reads it: subscribers prove nothing. */
function keepPrivate(connection: Connection, channel: ChannelName): void {
  if (connection.transport === 'ipc') chmodSync(socketPath(connection, channel), 0o600);
}

/** Binds iopub. It queues without limit, because a message lost at a high-water mark may be the one that says `idle`. */
export async function bindPublisher(connection: Connection, opened: { close(): void }[]): Promise<XPublisher> {
  const socket = new XPublisher(OPTIONS);
  opened.push(socket);
  socket.verbosity = 'allSubs';
  await socket.bind(endpoint(connection, 'iopub'));
  keepPrivate(connection, 'iopub');
  return socket;
}
