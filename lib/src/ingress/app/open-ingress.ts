import type { Server } from 'node:http';
import { type FastifyInstance, type FastifyServerOptions, fastify, type onSendHookHandler } from 'fastify';
import { isAnyResponse, type NbserveError } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../../serve/protocol/index.js';
import { answerUnknown, errorHandler } from './answer-errors.js';
import { DocsRoutes } from './docs-routes.js';
import { FetchBesideRoutes, ListenCalled, NoRoutes, PathOfCluster } from './errors.js';
import { type ExchangeOwner, HttpExchange, type RunningExchange } from './http-exchange.js';
import { IngressRequest } from './ingress-request.js';
import { checkJsonAnswers, type JsonCheck } from './json-answers.js';
import type { OpenapiSettings } from './openapi-document.js';
import { UpgradeExchange } from './upgrade-exchange.js';
import { VirtualServer } from './virtual-server.js';

export type { ExchangeOwner, RunningExchange } from './http-exchange.js';

export interface IngressOptions {
  /** `app/deployment`. */
  readonly label: string;
  /** The instance of the user's class. */
  readonly instance: object;
  /** Converts what user code threw into the error that a client gets. */
  readonly failureOf: (thrown: unknown) => NbserveError;
  /** How answers in JSON are checked. */
  readonly json: JsonCheck;
}

/** Options of Fastify that a class may set as its static member `fastify`. */
type Settings = Omit<FastifyServerOptions, 'serverFactory' | 'http' | 'https' | 'http2'>;

/** The Fastify instance of a replica. */
export class IngressApp {
  readonly #app: FastifyInstance;
  readonly #server: Server;
  /** This is a number and no collection, because in a collection each request would look long-lived to the garbage collector. */
  #ongoing = 0;
  #onDrained: (() => void) | null = null;

  private constructor({ label, instance, failureOf, json }: IngressOptions) {
    let server: Server | undefined;
    const settings = (instance.constructor as { fastify?: Settings }).fastify ?? {};
    const handleError = errorHandler(failureOf);
    this.#app = fastify({
      // Fastify calls this if it cannot read the URL.
      frameworkErrors: (error, request, reply) => void handleError(error, request as never, reply as never),
      ...settings,
      // While the replica drains, the requests that were begun are still answered.
      return503OnClosing: false,
      requestIdHeader: false,
      genReqId: (raw) => (raw instanceof IngressRequest ? raw.requestId : ''),
      serverFactory: (handler) => {
        server = new VirtualServer(handler as never, () => this.#drained());
        return server;
      },
    });
    this.#server = server as unknown as Server;
    followHandlers(this.#app);
    this.#app.addHook('onRoute', ({ url }) => {
      if (url.startsWith('/-/')) throw PathOfCluster({ deployment: label, path: url });
    });
    answerHead(this.#app);
    // An error handler that user code sets replaces this one.
    this.#app.setErrorHandler(handleError);
    checkJsonAnswers(this.#app, json);
  }

  /** @throws what `routes` or a plugin throws; NBS_NO_ROUTES, NBS_FETCH_BESIDE_ROUTES, NBS_LISTEN_CALLED, NBS_PATH_OF_CLUSTER */
  static async open(options: IngressOptions): Promise<IngressApp> {
    const { label, instance } = options;
    const { routes, fetch } = instance as { routes?: unknown; fetch?: unknown };
    if (typeof routes !== 'function') throw NoRoutes({ deployment: label });
    if (typeof fetch === 'function') throw FetchBesideRoutes({ deployment: label });
    const ingress = new IngressApp(options);
    const app = ingress.#app;
    const pages = new DocsRoutes(app, { deployment: label.slice(label.indexOf('/') + 1), settings: openapiOf(instance) });
    const { listen } = app;
    app.listen = () => {
      throw ListenCalled({ deployment: label });
    };
    await routes.call(instance, app);
    // `routes` may have returned before its plugins were loaded.
    await app.after();
    app.listen = listen;
    pages.add();
    answerUnknown(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return ingress;
  }

  /** True if user code accepts upgrades to another protocol, such as WebSocket. */
  get upgrades(): boolean {
    return this.#server.listenerCount('upgrade') > 0;
  }

  serve(call: IncomingCall, head: HttpCallHead, owner: ExchangeOwner): RunningExchange {
    const Exchange = head.upgrade === true ? UpgradeExchange : HttpExchange;
    const exchange = new Exchange(call, head, owner, this.#onOver);
    this.#ongoing += 1;
    exchange.begin(this.#server);
    return exchange;
  }

  /** Runs the hooks for the end: `preClose` at once, and `onClose` when all requests that were begun have ended. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  readonly #onOver = (): void => {
    this.#ongoing -= 1;
    if (this.#ongoing === 0) this.#onDrained?.();
  };

  #drained(): Promise<void> {
    if (this.#ongoing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }
}

export const openIngress = (options: IngressOptions): Promise<IngressApp> => IngressApp.open(options);

const openapiOf = (instance: object): OpenapiSettings => (instance.constructor as { openapi?: OpenapiSettings }).openapi ?? {};

/** What Fastify adds for HEAD beside each GET would fail for a Response: it asks for the length of everything that is no stream. */
function answerHead(app: FastifyInstance): void {
  const unpacked: onSendHookHandler<unknown> = (_request, reply, payload, done) => {
    if (!isAnyResponse(payload)) {
      done(null, payload);
      return;
    }
    reply.code(payload.status);
    for (const [name, value] of payload.headers) reply.header(name, value);
    done(null, payload.body ?? new Blob([]).stream());
  };
  app.addHook('onRoute', (route) => {
    if (route.method === 'HEAD') route.onSend = [unpacked, route.onSend ?? []].flat();
  });
}

/** Reports the result of each handler to the request's tracker, because a request keeps its slot until its handler has ended. */
function followHandlers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      const { raw } = request;
      if (!(raw instanceof IngressRequest)) return handler.call(this, request, reply);
      let result: unknown;
      try {
        result = handler.call(this, request, reply);
      } finally {
        raw.tracker.handled(result);
      }
      return result as ReturnType<typeof handler>;
    };
  });
}
