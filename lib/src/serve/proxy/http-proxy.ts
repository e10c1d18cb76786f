import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { Access, type AccessRules } from '../access/index.js';
import {
  AppStarting,
  deploymentKey,
  HttpNotServed,
  NoReplica,
  type RisingRoute,
  type Route,
  type RouteSnapshot,
  type TrafficReport,
} from '../protocol/index.js';
import { type DeadlineLimit, FIRST_ROUTES_WAIT_MS, firstRoutes, RequestTimeout, type RouterLike } from '../router/index.js';
import { ClientConnection } from './client-connection.js';
import { clientWishes } from './client-wishes.js';
import { Cors } from './cors.js';
import type { ClientRequest, ClientResponse } from './end-answer.js';
import { BadTarget, MalformedRequest, NoRoute, UnknownExpectation } from './errors.js';
import { Exchange, type ExchangeHost } from './exchange.js';
import { FailureLog } from './failure-log.js';
import { answerMalformed } from './malformed.js';
import { answerOwnPage, OWN_PREFIX } from './own-pages.js';
import { PlainConnections } from './plain-connections.js';
import { PlainRequest } from './plain-request.js';
import { PrefixTable } from './prefix-table.js';
import { SlowBodies } from './slow-bodies.js';
import { Splits } from './splits.js';
import { asksForWebSocket, Upgrade, withoutUpgrade } from './upgrade.js';

export interface ProxyOptions extends AccessRules {
  readonly router: RouterLike;
  readonly token: string;
  /** If no byte of a request's body arrives for this many milliseconds, the request is given up. */
  readonly bodyIdleMs: number;
  /** A certificate and its private key, both in PEM. If they are given, the server answers over TLS only. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Sends the results of split routes to the controller; returns false if it cannot be reached. @default no reports */
  readonly sendTraffic?: (report: TrafficReport) => boolean;
}

/** How long a connection without a request stays open. This is longer than the time of the usual load balancers in front of it. */
const KEEP_ALIVE_MS = 72_000;
/** Limit for reading the head of a request. */
const HEADERS_TIMEOUT_MS = 60_000;
/** Limit for the handshake of TLS. */
const TLS_HANDSHAKE_TIMEOUT_MS = 5000;
/** The id is written into answers and logs, so it must contain nothing that a terminal interprets. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The HTTP server in front of the replicas. */
export class HttpProxy implements ExchangeHost {
  readonly router: RouterLike;
  readonly bodies: SlowBodies;
  /** The caller makes it listen. */
  readonly server: Server;
  draining = false;
  readonly secure: boolean;
  readonly cors: Cors;
  readonly token: string;
  readonly failures = new FailureLog();
  readonly #access: Access;
  readonly #idPrefix = randomBytes(6).toString('base64url');
  #idCount = 0;
  /** gRPC uses the same ones. */
  readonly splits: Splits;
  #table: PrefixTable | null = null;
  /** Applications that do not answer yet; `null` if there are none, which is nearly always the case. */
  #rising: PrefixTable<RisingRoute> | null = null;
  readonly #plain: PlainConnections;
  #unflushed: Exchange[] = [];

  constructor(options: ProxyOptions) {
    this.router = options.router;
    this.token = options.token;
    this.secure = options.tls !== undefined;
    this.#access = new Access(options);
    this.cors = new Cors(options.allowedOrigins);
    this.splits = new Splits({ router: options.router, send: options.sendTraffic ?? (() => true) });
    this.bodies = new SlowBodies(options.bodyIdleMs);
    this.server = this.#createServer(options.tls);
    this.#plain = new PlainConnections(this.server, (request, response) => this.#handle(request, response));
    options.router.onSnapshot(({ routes, rising }) => {
      if (this.#rising?.routes !== rising) this.#rising = rising === undefined ? null : new PrefixTable(rising);
      if (this.#table?.routes === routes) return;
      this.#table = new PrefixTable(routes);
      this.splits.update(this.#table);
    });
  }

  /** Accepts no new connection. Resolves when every request that arrived is answered. */
  async close(): Promise<void> {
    this.draining = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.#plain.drain();
    this.server.closeIdleConnections();
    await closed;
  }

  flushLater(exchange: Exchange): void {
    if (this.#unflushed.push(exchange) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const exchanges = this.#unflushed;
    this.#unflushed = [];
    for (const exchange of exchanges) exchange.flush();
  };

  #createServer(tls: ProxyOptions['tls']): Server {
    // Uploads may take long; `SlowBodies` watches that they make progress.
    // A request without Host is refused in `#handle`, with a code.
    const options = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      requireHostHeader: false,
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void => this.#handle(request, response);
    const server =
      tls === undefined
        ? createServer(options, handle)
        : createSecureServer({ ...options, ...tls, allowHalfOpen: true, handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }, handle);
    // A connection on which TLS has failed cannot carry an answer. Node would try to send one.
    server.removeAllListeners('tlsClientError').on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
    // Node would silently drop all headers after the first 2000, perhaps Content-Length. Their size is limited in any case.
    server.maxHeadersCount = 0;
    // A client that has only finished sending still gets its answers; `ClientConnection` finds out which clients have left.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('clientError', answerMalformed);
    server.on('upgrade', (request, socket, first) => this.#upgrade(request, socket as Socket, first));
    // Node must not do this: it would ask for the body of a request that is refused.
    server.on('checkContinue', (request, response) => this.#handle(request, response));
    server.on('checkExpectation', (request, response) =>
      this.#handle(request, response, hostFault(request) ?? UnknownExpectation({ value: String(request.headers.expect) })),
    );
    server.on('connect', (_request, socket) =>
      answerMalformed(new Error('CONNECT asks for a proxy to other servers'), socket as Socket),
    );
    return server;
  }

  /** @param fault why the request cannot be answered, even if its client may call */
  #handle(request: ClientRequest, response: ClientResponse, fault = hostFault(request)): void {
    if (!(request instanceof PlainRequest)) {
      this.bodies.watch(request);
      ClientConnection.of(request.socket).expect(request, response as ServerResponse);
    }
    const target = request.url ?? '/';
    const url = pathOf(target);
    const refusal = this.#access.refuse(request);
    const isGood = refusal === null && fault === null;
    if (isGood && this.cors.answerPreflight(request, response)) return;
    if (fault === null && url?.startsWith(OWN_PREFIX)) {
      const cors = refusal === null ? this.cors.headersFor(request) : [];
      answerOwnPage(url, request, response, { token: this.token, routed: () => this.#routed(url), cors });
      return;
    }
    const exchange = new Exchange(this, ClientConnection.of(request.socket), request, response, this.#requestId(request));
    if (refusal !== null) exchange.refuse(refusal);
    else if (fault !== null) exchange.fail(fault, true);
    else if (url === null) exchange.fail(BadTarget({ target }));
    else if (this.#table !== null) this.#forward(exchange, url, this.#table);
    else this.#forwardOnceRouted(exchange, url, request);
  }

  /** A request with the header `upgrade`, which Node has handed over together with its connection. */
  #upgrade(request: IncomingMessage, socket: Socket, first: Buffer): void {
    // What comes behind it is kept until the answers to the requests before it are sent.
    socket.pause();
    ClientConnection.of(socket).whenAnswered(() => {
      if (socket.destroyed || socket.writableEnded) return;
      const url = pathOf(request.url ?? '/');
      const isOther = url === null || url.startsWith(OWN_PREFIX) || !asksForWebSocket(request) || hostFault(request) !== null;
      if (isOther || this.#access.refuse(request) !== null) this.#asPlain(request, socket, first);
      else if (this.#table !== null) this.#upgradeNow(request, socket, first, url);
      else this.#upgradeOnceRouted(request, socket, first, url);
    });
  }

  #upgradeOnceRouted(request: IncomingMessage, socket: Socket, first: Buffer, url: string): void {
    const since = performance.now();
    const isThere = (): boolean => !socket.destroyed && !socket.writableEnded;
    const fail = (error: Error): void => {
      if (isThere()) new Upgrade(this, request, socket, this.#requestId(request)).onError(error);
    };
    const upgrade = (): void => {
      if (isThere()) this.#upgradeNow(request, socket, first, url, performance.now() - since);
    };
    try {
      this.#routed(url, clientWishes(request.headers).limit).then(upgrade, fail);
    } catch (error) {
      fail(error as Error);
    }
  }

  #upgradeNow(request: IncomingMessage, socket: Socket, first: Buffer, url: string, waitedMs = 0): void {
    const route = this.#table?.match(url);
    if (route === undefined || !this.#mayUpgrade(route)) {
      this.#asPlain(request, socket, first);
      return;
    }
    const via = route.split === undefined ? this.router : this.splits.split;
    new Upgrade(this, request, socket, this.#requestId(request)).forward(route, url, via, first, waitedMs);
  }

  /** Answers it like any other request: it is read again, without that header. */
  #asPlain(request: IncomingMessage, socket: Socket, first: Buffer): void {
    this.#plain.handOver(socket, Buffer.concat([withoutUpgrade(request), first]));
  }

  /** Whether a version that the request may reach accepts upgrades, or may do so: before its first replica has run, that is not known. */
  #mayUpgrade(route: Route): boolean {
    const deployments = this.router.snapshot?.deployments;
    const versions = route.split === undefined ? [route] : route.split.arms.filter(({ weight }) => weight > 0);
    return versions.some(({ app, deployment }) => {
      const version = deployments?.[deploymentKey(app, deployment)];
      return version !== undefined && (version.upgrades === true || version.methods === null);
    });
  }

  #forward(exchange: Exchange, url: string, table: PrefixTable, waitedMs = 0): void {
    const route = table.match(url);
    const rising = this.#rising?.match(url);
    if (route === undefined || (rising !== undefined && rising.prefix.length > route.prefix.length)) {
      const path = url.split('?', 1)[0] ?? url;
      exchange.fail(rising === undefined ? NoRoute({ path, routes: table.list() }) : AppStarting({ which: `at ${path}` }));
      return;
    }
    if (route.split !== undefined) {
      // If the version that is chosen does not answer HTTP, its replica says so.
      exchange.forward(route, url, this.splits.split, waitedMs);
      return;
    }
    const key = deploymentKey(route.app, route.deployment);
    if (this.router.snapshot?.deployments[key]?.http === false) exchange.fail(HttpNotServed({ deployment: key }));
    else exchange.forward(route, url, this.router, waitedMs);
  }

  #forwardOnceRouted(exchange: Exchange, url: string, { headers }: ClientRequest): void {
    const since = performance.now();
    const forward = ({ routes }: RouteSnapshot): void =>
      this.#forward(exchange, url, this.#table ?? new PrefixTable(routes), performance.now() - since);
    try {
      this.#routed(url, clientWishes(headers).limit).then(forward, (error: Error) => exchange.fail(error));
    } catch (error) {
      exchange.fail(error as Error);
    }
  }

  /**
   * Resolves when the proxy knows the routes.
   * @param limit how long the client waits
   * @throws NBS_NO_REPLICA if no controller sends any in time; NBS_REQUEST_TIMEOUT if the client does not wait so long
   */
  async #routed(url: string, limit?: DeadlineLimit): Promise<RouteSnapshot> {
    const routes = await firstRoutes(this.router, limit?.leftMs);
    if (routes !== null) return routes;
    if (limit === undefined || limit.leftMs > FIRST_ROUTES_WAIT_MS)
      throw NoReplica({ deployment: url, reason: 'the controller could not be reached' });
    throw RequestTimeout({ deployment: url, timeoutMs: Math.round(limit.leftMs), deadline: limit.of });
  }

  #requestId(request: ClientRequest): string {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
    this.#idCount += 1;
    return `${this.#idPrefix}-${this.#idCount.toString(36)}`;
  }
}

/** Path and query of a request target. The target may be in absolute form (RFC 9112, section 3.2.2). null if it is not valid. */
function pathOf(target: string): string | null {
  if (target.startsWith('/')) return target;
  if (target === '*') return '/';
  if (!URL.canParse(target)) return null;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** Only HTTP/1.1 requires a Host (RFC 9112, section 3.2). A request that was not read by Node has one. */
function hostFault(request: ClientRequest): Error | null {
  if (request instanceof PlainRequest || request.headers.host !== undefined || request.httpVersion !== '1.1') return null;
  return MalformedRequest({ reason: 'it has no header Host' });
}
