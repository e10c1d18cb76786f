import { chmodSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { patience } from '../core/index.js';
import type { CallKinds, Channel, ChannelServer } from './channel.js';
import { addressFault, KEEP_ALIVE_MS, openChannel, showAddress, tlsModule } from './connect.js';
import { ListenFailed } from './errors.js';
import { AcceptingHandshake } from './handshake.js';
import type { Address, Hello, TlsIdentity } from './messages.js';

/** A connection that has not proven within this time that it knows the token is closed. */
const HANDSHAKE_TIMEOUT_MS = 3000;
/**
 * A Unix socket is open to this user only. A peer whose event loop is blocked, such as that of a notebook whose cell computes, needs several turns for the
 * handshake.
 */
const LOCAL_HANDSHAKE_TIMEOUT_MS = 60_000;
/** Over TLS a handshake takes milliseconds of CPU time, and when a controller has restarted, thousands of processes connect at the same moment. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
/** Limit of connections that are in the handshake at the same time, so that strangers cannot use up the file descriptors. */
const MAX_HANDSHAKES = 256;
const MAX_TLS_HANDSHAKES = 4096;
const RENEW_EVERY_MS = 5000;
/** Offered by a node that asks to be admitted (ALPN). Its certificate may be one that is trusted already, if the user has made it. */
export const ADMISSION_PROTOCOL = 'nbserve-admission';

export interface ListenOptions {
  readonly token: string;
  /** This is read at each connection. */
  readonly hello: Hello;
  /** Kinds of calls that the channels carry, besides `control`. @default none */
  readonly kinds?: CallKinds;
  /**
   * Called when a peer is authenticated. Handlers that are set here miss no message.
   * @param certificateName the name in the peer's certificate; `''` without TLS
   */
  readonly onChannel: (channel: Channel, certificateName: string) => void;
  /** Called with a connection over TLS whose certificate is not one of the cluster, or that asks to be admitted. @default such a connection is closed */
  readonly onForeigner?: (socket: TLSSocket) => void;
  /** Reads the certificate again, because certificates are replaced. It is called after each `renewEveryMs`. */
  readonly renewed?: () => TlsIdentity | undefined;
  /** @default five seconds */
  readonly renewEveryMs?: number;
  /** A socket that listens already. It is used instead of a new one for the address. */
  readonly fd?: number;
  /** @default 60000 at a Unix socket, 3000 over TCP, and 10000 over TLS */
  readonly handshakeTimeoutMs?: number;
}

/** Accepts authenticated channels at an address. If a socket file exists and nobody listens on it, it is replaced. @throws NBS_LISTEN_FAILED */
export async function listen(address: Address, options: ListenOptions): Promise<ChannelServer> {
  const fault = addressFault(address);
  if (fault !== null) throw ListenFailed({ address: showAddress(address), reason: fault });
  const tls = 'path' in address ? undefined : address.tls;
  const maxHandshakes = tls === undefined ? MAX_HANDSHAKES : MAX_TLS_HANDSHAKES;
  const { handshakeTimeoutMs: timeoutMs = defaultTimeoutMs(address) } = options;
  const channels = new Set<Channel>();
  const handshakes = new Set<Socket>();
  const limit = (socket: Socket): void => {
    // The oldest handshake is dropped: it has had time enough, and the new connection may be from a peer of ours.
    const [oldest] = handshakes.size < maxHandshakes ? [] : handshakes;
    if (oldest !== undefined) {
      handshakes.delete(oldest);
      oldest.destroy();
    }
    handshakes.add(socket);
  };
  const open = (socket: Socket, certificateName = ''): void => {
    limit(socket);
    void accept(socket, options, timeoutMs, (channel) => {
      channels.add(channel);
      void channel.closed.then(() => channels.delete(channel));
      options.onChannel(channel, certificateName);
    }).finally(() => handshakes.delete(socket));
  };
  const server =
    tls === undefined ? createServer({ noDelay: true }, (socket) => open(socket)) : tlsServer(tls, options, timeoutMs, open);
  if (tls !== undefined) limitTls(server, handshakes, limit);
  await bind(server, address, options.fd);
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

function defaultTimeoutMs(address: Address): number {
  if ('path' in address) return LOCAL_HANDSHAKE_TIMEOUT_MS;
  return address.tls === undefined ? HANDSHAKE_TIMEOUT_MS : TLS_HANDSHAKE_TIMEOUT_MS;
}

/** A server that answers only to peers with a certificate of the cluster. Certificates are read by OpenSSL; nothing else is read of a stranger. */
function tlsServer(
  { ca, cert, key }: TlsIdentity,
  options: ListenOptions,
  handshakeTimeout: number,
  open: (socket: Socket, name: string) => void,
): Server {
  const { onForeigner } = options;
  const server = tlsModule().createServer(
    {
      ...{
        ca,
        cert,
        key,
        requestCert: true,
        rejectUnauthorized: onForeigner === undefined,
        minVersion: 'TLSv1.3',
        handshakeTimeout,
      },
      ...(onForeigner === undefined ? {} : { ALPNProtocols: [ADMISSION_PROTOCOL] }),
    },
    (socket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.on('error', () => {});
      if (socket.authorized && socket.alpnProtocol !== ADMISSION_PROTOCOL)
        open(socket, String(socket.getPeerCertificate().subject.CN));
      else onForeigner?.(socket);
    },
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  renew(server, options);
  return server;
}

function renew(server: TlsServer, { renewed, renewEveryMs = RENEW_EVERY_MS }: ListenOptions): void {
  if (renewed === undefined) return;
  let last = '';
  const timer = setInterval(() => {
    const { ca, cert, key } = renewed() ?? {};
    const text = `${ca}${cert}${key}`;
    if (cert === undefined || text === last) return;
    last = text;
    server.setSecureContext({ ca, cert, key, minVersion: 'TLSv1.3' });
  }, renewEveryMs);
  timer.unref();
  server.on('close', () => clearInterval(timer));
}

/** Counts the connections whose TLS handshake has not ended among the handshakes. The socket over TLS is another object than the one below it. */
function limitTls(server: Server, handshakes: Set<Socket>, limit: (socket: Socket) => void): void {
  const below = new Map<string, Socket>();
  const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  server.on('connection', (socket) => {
    const end = endOf(socket);
    below.set(end, socket);
    limit(socket);
    socket.once('close', () => {
      handshakes.delete(socket);
      if (below.get(end) === socket) below.delete(end);
    });
  });
  server.prependListener('secureConnection', (socket: Socket) => {
    const end = endOf(socket);
    const its = below.get(end);
    if (its !== undefined) handshakes.delete(its);
    below.delete(end);
  });
}

/** Settles when the handshake has succeeded or failed. */
function accept(socket: Socket, options: ListenOptions, timeoutMs: number, onChannel: (channel: Channel) => void): Promise<void> {
  const { token, hello, kinds = null } = options;
  const handshake = new AcceptingHandshake({ token, hello, peerName: 'a connecting process' });
  return new Promise((resolve) => {
    const drop = (): void => void socket.destroy();
    const stop = patience(timeoutMs, drop);
    const settle = (): void => {
      stop();
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

async function bind(server: Server, address: Address, fd?: number): Promise<void> {
  try {
    await tryBind(server, address, fd);
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

function tryBind(server: Server, address: Address, fd?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const where = 'path' in address ? { path: address.path } : { host: address.host, port: address.port };
    server.listen(fd === undefined ? where : { fd }, () => {
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
