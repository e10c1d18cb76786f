import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import { BadTarget, HttpNotServed, NoReplica, NoRoute } from '../protocol/index.js';
import type { RouterLike } from '../router/index.js';
import { Access, type AccessRules } from './access.js';
import { ClientConnection } from './client-connection.js';
import type { ClientRequest, ClientResponse } from './end-answer.js';
import { Exchange, type ExchangeHost } from './exchange.js';
import { answerMalformed } from './malformed.js';
import { answerOwnPage, OWN_PREFIX } from './own-pages.js';
import { PlainConnections } from './plain-connections.js';
import { PlainRequest } from './plain-request.js';
import { RouteTable } from './route-table.js';
import { SlowBodies } from './slow-bodies.js';

export interface ProxyOptions extends AccessRules {
  readonly router: RouterLike;
  readonly token: string;
  /** Milliseconds without a byte of a request's body after which the request is given up. */
  readonly bodyIdleMs: number;
}

/** How long a request waits for the first routes after the proxy's start. */
const FIRST_ROUTES_WAIT_MS = 10_000;
/** Goes into answers and logs: nothing that a terminal would obey. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** HTTP in front of the replicas. */
export class HttpProxy implements ExchangeHost {
  readonly router: RouterLike;
  readonly bodies: SlowBodies;
  draining = false;
  readonly #token: string;
  readonly #access: Access;
  readonly #fastify: FastifyInstance;
  readonly #idPrefix = randomBytes(6).toString('base64url');
  #idCount = 0;
  #table: RouteTable | null = null;
  #plain: PlainConnections | null = null;
  #unflushed: Exchange[] = [];

  constructor(options: ProxyOptions) {
    this.router = options.router;
    this.#token = options.token;
    this.#access = new Access(options);
    this.bodies = new SlowBodies(options.bodyIdleMs);
    this.#fastify = this.#createFastify();
    options.router.onSnapshot(({ routes }) => {
      if (this.#table?.routes !== routes) this.#table = new RouteTable(routes);
    });
  }

  /** The server, ready to be told where to listen. */
  async server(): Promise<Server> {
    await this.#fastify.ready();
    const { server } = this.#fastify;
    // Node would drop the headers above 2000 silently, Content-Length among them; their bytes are limited anyway.
    server.maxHeadersCount = 0;
    this.#plain = new PlainConnections(server, (request, response) => this.#handle(request, response));
    return server;
  }

  /** Takes no new connection; resolves when every request that came is answered. */
  async close(): Promise<void> {
    this.draining = true;
    this.#plain?.drain();
    await this.#fastify.close();
  }

  flushLater(exchange: Exchange): void {
    if (this.#unflushed.push(exchange) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const exchanges = this.#unflushed;
    this.#unflushed = [];
    for (const exchange of exchanges) exchange.flush();
  };

  #createFastify(): FastifyInstance {
    const fastify = Fastify({
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      exposeHeadRoutes: false,
      clientErrorHandler: answerMalformed,
      // Paths belong to the deployment: whatever Fastify's own router thinks of one, it goes on as the client sent it.
      frameworkErrors: (_error, request, reply) => {
        reply.hijack();
        this.#handle(request.raw, reply.raw);
      },
    });
    // Before Fastify looks at the body: that stays in the request, and the exchange reads it.
    fastify.addHook('onRequest', (request, reply) => {
      reply.hijack();
      this.#handle(request.raw, reply.raw);
    });
    fastify.all('/*', unreachable);
    fastify.setNotFoundHandler(unreachable);
    return fastify;
  }

  #handle(request: ClientRequest, response: ClientResponse): void {
    if (!(request instanceof PlainRequest)) this.bodies.watch(request);
    const target = request.url ?? '/';
    const url = pathOf(target);
    if (url?.startsWith(OWN_PREFIX)) {
      answerOwnPage(url, request, response, { token: this.#token, snapshot: this.router.snapshot });
      return;
    }
    const exchange = new Exchange(this, ClientConnection.of(request.socket), request, response, this.#requestId(request));
    const refusal = this.#access.refuse(request);
    if (refusal !== null) exchange.fail(refusal);
    else if (url === null) exchange.fail(BadTarget({ target }));
    else if (this.#table !== null) this.#forward(exchange, url, this.#table);
    else this.#forwardOnceRouted(exchange, url);
  }

  #forward(exchange: Exchange, url: string, table: RouteTable): void {
    const route = table.match(url);
    if (route === undefined) {
      exchange.fail(NoRoute({ path: url.split('?', 1)[0] ?? url, routes: table.describe() }));
      return;
    }
    const deployment = this.router.snapshot?.deployments[`${route.app}/${route.deployment}`];
    if (deployment?.http === false) exchange.fail(HttpNotServed({ deployment: `${route.app}/${route.deployment}` }));
    else exchange.forward(route, url);
  }

  #forwardOnceRouted(exchange: Exchange, url: string): void {
    const timer = setTimeout(
      () => exchange.fail(NoReplica({ deployment: url, reason: 'the controller could not be reached' })),
      FIRST_ROUTES_WAIT_MS,
    );
    this.router.whenSnapshot(0).then(
      (snapshot) => {
        clearTimeout(timer);
        this.#forward(exchange, url, this.#table ?? new RouteTable(snapshot.routes));
      },
      (error: Error) => {
        clearTimeout(timer);
        exchange.fail(error);
      },
    );
  }

  #requestId(request: ClientRequest): string {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
    this.#idCount += 1;
    return `${this.#idPrefix}-${this.#idCount.toString(36)}`;
  }
}

/** Routes have to be there for the hook to run. */
const unreachable = (): void => {};

/** Path and query of a request target, also of one in absolute form (RFC 9112, section 3.2.2); null where it is no target. */
function pathOf(target: string): string | null {
  if (target.startsWith('/')) return target;
  if (target === '*') return '/';
  if (!URL.canParse(target)) return null;
  const { pathname, search } = new URL(target);
  return pathname + search;
}
