import { createConnection, type Socket } from 'node:net';
import type * as Tls from 'node:tls';
import { isNbserveError, markOwn, patience } from '../core/index.js';
import type { CallKinds, Channel } from './channel.js';
import { ConnectFailed } from './errors.js';
import { ConnectingHandshake, type HandshakeResult } from './handshake.js';
import type { Address, Hello, TlsIdentity } from './messages.js';
import { PathWatch } from './path-watch.js';
import { SocketChannel } from './socket-channel.js';

/** Longest path of a Unix socket on macOS; Linux allows four bytes more. The system would silently cut off a longer path. */
const MAX_SOCKET_PATH_BYTES = 104;

/** After so long without a byte, the system asks whether the other machine is still there. */
export const KEEP_ALIVE_MS = 10_000;

export interface ConnectOptions {
  readonly token: string;
  readonly hello: Hello;
  /** Kinds of calls that the channel carries, besides `control`. @default none */
  readonly kinds?: CallKinds;
  /** Whether a connection to another machine ends if the network to it is cut while an answer is expected. @default false */
  readonly watchesPath?: boolean;
  /** Limit for connecting and the handshake together. Time in which this process cannot run does not count. @default 5000, and 15000 over TLS */
  readonly timeoutMs?: number;
}

/**
 * Opens an authenticated channel. Set `onCall` and the other handlers right after this resolves: nothing is read before the next turn of the event
 * loop.
 * @throws NBS_CONNECT_FAILED, NBS_AUTH_FAILED, NBS_VERSION_SKEW
 */
export function connect(address: Address, options: ConnectOptions): Promise<Channel> {
  const peerName = showAddress(address);
  const isSecure = 'host' in address && address.tls !== undefined;
  const { token, hello, kinds = null, watchesPath = false, timeoutMs = isSecure ? 15_000 : 5000 } = options;
  return new Promise((resolve, reject) => {
    const fault = addressFault(address);
    if (fault !== null) throw ConnectFailed({ address: peerName, reason: fault });
    const handshake = new ConnectingHandshake({ token, hello, peerName });
    const socket = markOwn(openSocket(address));
    const late = (): Error => Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });
    const stop = patience(timeoutMs, () => fail(late()));
    const fail = (error: Error): void => {
      stop();
      socket.destroy();
      reject(isNbserveError(error) ? error : ConnectFailed({ address: peerName, reason: error.message }, error));
    };
    const onEnd = (): void => fail(new Error('the other side closed the connection during the handshake'));
    const onData = (chunk: Buffer): void => {
      try {
        for (const step of handshake.feed(chunk)) {
          if (step.send !== undefined) socket.write(step.send);
          if (step.done === undefined) continue;
          stop();
          socket.off('data', onData).off('error', fail).off('close', onEnd);
          const channel = openChannel(socket, step.done, 'connecting', kinds);
          if (watchesPath && 'host' in address) new PathWatch(socket, channel.expectsAnswer, () => channel.destroy());
          resolve(channel);
        }
      } catch (error) {
        fail(error as Error);
      }
    };
    socket.on('error', fail).on('close', onEnd).on('data', onData);
    // Over TLS nothing is sent before the other side has shown its certificate.
    socket.on(isSecure ? 'secureConnect' : 'connect', () => socket.write(handshake.opening()));
  });
}

/** TLS is loaded when it is first used, because a cluster on one machine has no use for it. */
export function tlsModule(): typeof Tls {
  return process.getBuiltinModule('node:tls');
}

function openSocket(address: Address): Socket {
  if ('path' in address) return createConnection(address.path);
  const { host, port, tls, peerName } = address;
  if (tls === undefined) return createConnection({ host, port, noDelay: true, keepAlive: true });
  const { ca, cert, key } = tls;
  const socket = tlsModule().connect({ host, port, ca, cert, key, minVersion: 'TLSv1.3', ...nameCheck(tls, peerName) });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

/** How a connection checks the name of the other side. Certificates of a cluster name nodes: an address may change, and two nodes may share one. */
function nameCheck({ byHost = false, serverName }: TlsIdentity, peerName: string | undefined): Tls.ConnectionOptions {
  if (byHost) return serverName === undefined ? {} : { servername: serverName };
  return {
    checkServerIdentity: (_host, { subject }) =>
      peerName === undefined || subject.CN === peerName ? undefined : new Error('its certificate is that of another node'),
  };
}

/**
 * Makes the channel of a socket whose handshake is done. Reading begins in the next turn of the event loop, so the caller can set handlers before.
 */
export function openChannel(
  socket: Socket,
  { peer, rest }: HandshakeResult,
  side: 'connecting' | 'accepting',
  kinds: CallKinds | null,
): SocketChannel {
  socket.pause();
  const channel = new SocketChannel(socket, peer, side, kinds);
  // A new 'data' listener makes a socket flow, except after a call of pause().
  if (rest.length > 0) socket.unshift(rest);
  setImmediate(() => socket.resume());
  return channel;
}

export function showAddress(address: Address): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}

/** The reason why an address cannot be used, or null. */
export function addressFault(address: Address): string | null {
  if (!('path' in address) || Buffer.byteLength(address.path) < MAX_SOCKET_PATH_BYTES) return null;
  return `the path of a Unix socket must be shorter than ${MAX_SOCKET_PATH_BYTES} bytes; set NBSERVE_HOME to a shorter folder`;
}
