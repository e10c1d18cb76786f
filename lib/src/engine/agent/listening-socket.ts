/**
 * A listening socket that this process owns but does not accept from. Its children accept, by `server.listen({ fd })`. While no child
 * runs, connections wait in the backlog, so a proxy that dies is replaced without a refused connection.
 *
 * Node has no public call for that, because `server.listen` accepts at once. Only this file uses the following internals of Node:
 * - `net._createServerHandle`, which `cluster` uses, binds without listening;
 * - a handle opened on that descriptor and told to listen would accept as soon as the event loop turns; `readStart` and `readStop`
 *   in the same turn take its descriptor out of the loop again (libuv watches one readiness per stream, for reading and accepting alike).
 * `engine-http.test.ts` tests that with the Node that runs it.
 */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { hasCode } from '../../core/index.js';
import { CannotListen, PortInUse } from '../errors.js';
import { describePortHolder } from './port-holder.js';

export interface ListeningSocket {
  readonly fd: number;
  /** The address to which it is bound. */
  readonly host: string;
  readonly port: number;
  /** Closes the socket in this process, at once. Children that inherited it keep it open. */
  close(): void;
}

/** The first of the thousand ports that `'auto'` tries. They are those of Ray Serve. */
const HTTP_PORT = 8000;
export const GRPC_PORT = 9000;
const PORTS = 1000;
const BACKLOG = 511;
const POLL_MS = 50;

/**
 * @param port a number (0 lets the system choose), or `'auto'`: `first`, else the next free one
 * @throws NBS_PORT_IN_USE, which says which process has the port; NBS_CANNOT_LISTEN
 */
export async function openListeningSocket(host: string, port: number | 'auto', first = HTTP_PORT): Promise<ListeningSocket> {
  const address = net.isIP(host) === 0 ? await resolve(host) : host;
  if (port !== 'auto') {
    const socket = bindAndListen(address, port);
    if (typeof socket !== 'string') return socket;
    if (socket === 'EADDRINUSE') throw PortInUse({ port, host, holder: describePortHolder(port, address) });
    throw CannotListen({ host, port, reason: socket });
  }
  for (let candidate = first; candidate < first + PORTS; candidate += 1) {
    const socket = bindAndListen(address, candidate);
    if (typeof socket !== 'string') return socket;
    if (socket !== 'EADDRINUSE') throw CannotListen({ host, port: candidate, reason: socket });
  }
  throw CannotListen({ host, port: `${first}-${first + PORTS - 1}`, reason: 'every port is in use' });
}

/** Listens, and waits if the port is in use: the proxy of the agent before this one may not have ended yet. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN */
export async function listenSoon(host: string, port: number, patienceMs: number): Promise<ListeningSocket> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await openListeningSocket(host, port);
    } catch (error) {
      if (!hasCode(error, PortInUse) || Date.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}

async function resolve(host: string): Promise<string> {
  try {
    const { lookup } = await import('node:dns/promises');
    return (await lookup(host)).address;
  } catch (error) {
    throw CannotListen({ host, port: '', reason: (error as Error).message }, error);
  }
}

interface TcpHandle {
  readonly fd: number;
  readonly constructor: new (type: number) => TcpHandle;
  open(fd: number): number;
  listen(backlog: number): number;
  readStart(): number;
  readStop(): number;
  unref(): void;
  close(): void;
  getsockname(out: { address?: string; port?: number }): number;
}

/** `TCPConstants.SERVER` of Node's tcp_wrap. */
const SERVER = 1;

/** The socket, or the name of the system's error. */
function bindAndListen(address: string, port: number): ListeningSocket | string {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(address: string, port: number, addressType: 4 | 6): TcpHandle | number;
  };
  const bound = create(address, port, net.isIPv6(address) ? 6 : 4);
  if (typeof bound === 'number') return getSystemErrorName(bound);
  const name: { address?: string; port?: number } = {};
  // libuv delays EADDRINUSE of bind, and this is the first call that returns it.
  const late = bound.getsockname(name);
  if (late !== 0) {
    bound.close();
    return getSystemErrorName(late);
  }
  const listening = new bound.constructor(SERVER);
  const { fd } = bound;
  // The two share the descriptor. Both are closed in one turn: what is still open when a process exits is closed then, and the number may be another's.
  const close = (): void => {
    listening.close();
    bound.close();
  };
  const failed = listening.open(fd) || listening.listen(BACKLOG) || listening.readStart() || listening.readStop();
  if (failed !== 0) {
    close();
    return getSystemErrorName(failed);
  }
  listening.unref();
  let isOpen = true;
  return {
    fd,
    host: name.address as string,
    port: name.port as number,
    close() {
      if (isOpen) close();
      isOpen = false;
    },
  };
}
