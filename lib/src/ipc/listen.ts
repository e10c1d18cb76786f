import { chmodSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { CallKinds, Channel, ChannelServer } from './channel.js';
import { addressFault, openChannel, showAddress } from './connect.js';
import { ListenFailed } from './errors.js';
import { AcceptingHandshake } from './handshake.js';
import type { Address, Hello } from './messages.js';

/** A connection that has not proven within this time that it knows the token is closed. */
const HANDSHAKE_TIMEOUT_MS = 3000;
/** Limit of connections that are in the handshake at the same time, so that strangers cannot use up the file descriptors. */
const MAX_HANDSHAKES = 256;

export interface ListenOptions {
  readonly token: string;
  /** This is read at each connection. */
  readonly hello: Hello;
  /** Kinds of calls that the channels carry, besides `control`. @default none */
  readonly kinds?: CallKinds;
  /** Called when a peer is authenticated. Handlers that are set here miss no message. */
  readonly onChannel: (channel: Channel) => void;
  /** @default 3000 */
  readonly handshakeTimeoutMs?: number;
}

/** Accepts authenticated channels at an address. If a socket file exists and nobody listens on it, it is replaced. @throws NBS_LISTEN_FAILED */
export async function listen(address: Address, options: ListenOptions): Promise<ChannelServer> {
  const fault = addressFault(address);
  if (fault !== null) throw ListenFailed({ address: showAddress(address), reason: fault });
  const channels = new Set<Channel>();
  const handshakes = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    // The oldest handshake is dropped: it has had time enough, and the new connection may be from a peer of ours.
    const [oldest] = handshakes.size < MAX_HANDSHAKES ? [] : handshakes;
    if (oldest !== undefined) {
      handshakes.delete(oldest);
      oldest.destroy();
    }
    handshakes.add(socket);
    void accept(socket, options, (channel) => {
      channels.add(channel);
      void channel.closed.then(() => channels.delete(channel));
      options.onChannel(channel);
    }).finally(() => handshakes.delete(socket));
  });
  await bind(server, address);
  server.on('error', () => {});
  return {
    address: 'path' in address ? address : { host: address.host, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of handshakes) socket.destroy();
        for (const channel of channels) channel.close();
      }),
  };
}

/** Settles when the handshake has succeeded or failed. */
function accept(socket: Socket, options: ListenOptions, onChannel: (channel: Channel) => void): Promise<void> {
  const { token, hello, kinds = null, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const handshake = new AcceptingHandshake({ token, hello, peerName: 'a connecting process' });
  return new Promise((resolve) => {
    const drop = (): void => void socket.destroy();
    const timer = setTimeout(drop, handshakeTimeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      try {
        for (const step of handshake.feed(chunk)) {
          if (step.send !== undefined) socket.write(step.send);
          if (step.done === undefined) continue;
          socket.off('data', onData).off('close', settle);
          settle();
          if (!handshake.accepts(step.done.peer)) return void socket.destroySoon();
          onChannel(openChannel(socket, step.done, 'accepting', kinds));
        }
      } catch {
        drop();
      }
    };
    // Whatever a stranger sends, the only result is a closed socket.
    socket.on('error', drop).on('close', settle).on('data', onData);
  });
}

async function bind(server: Server, address: Address): Promise<void> {
  try {
    await tryBind(server, address);
  } catch (error) {
    if (!('path' in address) || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || (await answers(address.path))) {
      throw ListenFailed({ address: showAddress(address), reason: (error as Error).message }, error);
    }
    unlinkSync(address.path);
    await tryBind(server, address).catch((again: Error) => {
      throw ListenFailed({ address: showAddress(address), reason: again.message }, again);
    });
  }
}

function tryBind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('path' in address ? { path: address.path } : { host: address.host, port: address.port }, () => {
      server.off('error', reject);
      if ('path' in address) chmodSync(address.path, 0o600);
      resolve();
    });
  });
}

/** Whether a process listens on a socket file. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    const settle = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.on('connect', () => settle(true)).on('error', () => settle(false));
  });
}
