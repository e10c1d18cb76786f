import { getHashes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { BadConnectionFile } from './errors.js';

/** Names of a kernel's five sockets. */
export type ChannelName = 'shell' | 'iopub' | 'stdin' | 'control' | 'hb';

/** The content of Jupyter's connection file. With `ipc`, `ip` is a path, and `ports` are the numbers after the dash in the names of the socket files. */
export interface Connection {
  readonly transport: 'tcp' | 'ipc';
  readonly ip: string;
  readonly ports: Readonly<Record<ChannelName, number>>;
  /** Key of the signatures. If it is empty, messages are not signed. */
  readonly key: string;
  /** Name of the hash inside the HMAC, e.g. `sha256`. */
  readonly hash: string;
  readonly kernelName: string;
}

const CHANNELS: readonly ChannelName[] = ['shell', 'iopub', 'stdin', 'control', 'hb'];

function refuse(path: string, why: string, cause?: unknown): never {
  throw BadConnectionFile({ path, why }, cause);
}

/**
 * Reads and checks a connection file.
 * @throws NBS_CONNECTION_FILE says what is wrong and what would be valid
 */
export function readConnectionFile(path: string): Connection {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    refuse(path, 'it cannot be read as JSON', error);
  }
  if (typeof raw !== 'object' || raw === null) refuse(path, 'it must hold an object');
  return parseConnection(raw as Record<string, unknown>, (why) => refuse(path, why));
}

/** Checks the content of a connection file. @param fail is called with a text that says what is wrong */
export function parseConnection(raw: Readonly<Record<string, unknown>>, fail: (why: string) => never): Connection {
  const transport = raw.transport ?? 'tcp';
  if (transport !== 'tcp' && transport !== 'ipc') fail(`transport ${JSON.stringify(transport)} is not one of tcp, ipc`);
  const ip = raw.ip ?? '127.0.0.1';
  if (typeof ip !== 'string' || ip === '') fail('ip must be a string');
  const scheme = raw.signature_scheme ?? 'hmac-sha256';
  const hash = typeof scheme === 'string' && scheme.startsWith('hmac-') ? scheme.slice('hmac-'.length) : '';
  if (!getHashes().includes(hash)) fail(`signature_scheme ${JSON.stringify(scheme)} is not known; hmac-sha256 is`);
  const key = raw.key ?? '';
  if (typeof key !== 'string') fail('key must be a string');
  // Without a key, everyone who can connect to the port can run code. A socket file at least has permissions.
  if (key === '' && transport === 'tcp') fail('key is empty: over tcp only signed messages are accepted');
  const ports = {} as Record<ChannelName, number>;
  for (const channel of CHANNELS) {
    const port = raw[`${channel}_port`];
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65535)
      fail(`${channel}_port must be a port number; 0 is one that the kernel chooses`);
    if (port === 0 && transport === 'ipc') fail(`${channel}_port must not be 0 with ipc: it is a part of a file's name`);
    ports[channel] = port;
  }
  return { transport, ip, ports, key, hash, kernelName: typeof raw.kernel_name === 'string' ? raw.kernel_name : '' };
}

/** Path of a channel's socket file; only with transport `ipc`. */
export const socketPath = (connection: Connection, channel: ChannelName): string =>
  `${connection.ip}-${connection.ports[channel]}`;

/** ZeroMQ endpoint of a channel. */
export function endpoint(connection: Connection, channel: ChannelName): string {
  if (connection.transport === 'ipc') return `ipc://${socketPath(connection, channel)}`;
  const host = connection.ip.includes(':') && !connection.ip.startsWith('[') ? `[${connection.ip}]` : connection.ip;
  return `tcp://${host}:${connection.ports[channel]}`;
}

/** Removes the socket files of transport `ipc`; ZeroMQ leaves them. */
export function removeSocketFiles(connection: Connection): void {
  if (connection.transport !== 'ipc') return;
  for (const channel of CHANNELS) rmSync(socketPath(connection, channel), { force: true });
}

/**
 * Writes the ports that were chosen for port 0 into the connection file, as ipykernel does: clients read them there.
 * @throws NBS_CONNECTION_FILE
 */
export function writePorts(path: string, ports: Connection['ports']): void {
  const chosen = Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, ports[channel]]));
  try {
    const raw = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    // A client that reads the file now finds all of it, or the file as it was.
    writeFileSync(`${path}.new`, JSON.stringify({ ...raw, ...chosen }, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    refuse(path, `the ports ${JSON.stringify(chosen)} cannot be written to it`, error);
  }
}
