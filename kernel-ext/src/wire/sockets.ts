import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Router, XPublisher } from 'zeromq';
import { type ChannelName, type Connection, endpoint, socketPath, writePorts } from './connection.js';

const own = createRequire(import.meta.url);

/** Loaded here, and not with this file, because the main thread uses this room too and has no sockets. */
const zeromq = () => own('zeromq') as typeof import('zeromq');

/** How long an unsent message may delay the end of the process. */
const LINGER_MS = 1000;
/** If a frame is larger than this, ZeroMQ closes its sender's connection. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
/** The same for subscriptions and heartbeats, which nobody signs. */
const MAX_UNSIGNED_BYTES = 64 * 1024;
/** How many heartbeats wait for a client that does not read. ZeroMQ drops further ones. */
const HEARTBEATS = 1000;

const OPTIONS = { linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: MAX_FRAME_BYTES } as const;

/** Binds the socket of a channel that answers: shell, stdin, control, hb. @param opened is called with the socket before it is bound */
export async function bindRouter(
  connection: Connection,
  channel: Exclude<ChannelName, 'iopub'>,
  opened: { close(): void }[],
): Promise<Router> {
  // If a client reconnects with its old identity (a reloaded page), it gets its queue back.
  const unsigned = channel === 'hb' ? { sendHighWaterMark: HEARTBEATS, maxMessageSize: MAX_UNSIGNED_BYTES } : {};
  const socket = new (zeromq().Router)({ ...OPTIONS, ...unsigned, handover: true });
  opened.push(socket);
  await socket.bind(endpoint(connection, channel));
  keepPrivate(connection, channel);
  return socket;
}

/** Makes a socket file private. The umask decides on its permissions, and everyone who can connect to iopub can read it, because subscribers send no signature. */
function keepPrivate(connection: Connection, channel: ChannelName): void {
  if (connection.transport === 'ipc') chmodSync(socketPath(connection, channel), 0o600);
}

/**
 * How many messages of iopub wait for a client; a long print is cut into such of 256 KiB. A full queue has room again only when the client has read half of it,
 * and within the time that `PacedSender` waits, also a client that reads slowly must come so far. Short messages wait in the buffers of the system too.
 */
const IOPUB_MESSAGES = 32;

/** Binds iopub. `PacedSender` waits when the queue of a client is full, because one of the messages that ZeroMQ would drop may be the `idle` that the client waits for. */
export async function bindPublisher(connection: Connection, opened: { close(): void }[]): Promise<XPublisher> {
  const limits = { sendHighWaterMark: IOPUB_MESSAGES, maxMessageSize: MAX_UNSIGNED_BYTES };
  const socket = new (zeromq().XPublisher)({ ...OPTIONS, ...limits, noDrop: true });
  opened.push(socket);
  socket.verbosity = 'allSubs';
  await socket.bind(endpoint(connection, 'iopub'));
  keepPrivate(connection, 'iopub');
  return socket;
}

/**
 * The ports of the sockets.
 * @param file the connection file, which gets the ports that were chosen for port 0; '' is none
 * @throws NBS_CONNECTION_FILE
 */
export function boundPorts(
  { ports }: Connection,
  sockets: Readonly<Record<ChannelName, Router | XPublisher>>,
  file: string,
): Connection['ports'] {
  if (!Object.values(ports).includes(0)) return ports;
  const entries = Object.entries(sockets).map(([channel, socket]) => [channel, portOf(socket)]);
  const bound = Object.fromEntries(entries) as Connection['ports'];
  if (file !== '') writePorts(file, bound);
  return bound;
}

/** The port that a socket is bound to over tcp. */
const portOf = ({ lastEndpoint }: Router | XPublisher): number => Number(/:(\d+)$/.exec(lastEndpoint ?? '')?.[1]);
