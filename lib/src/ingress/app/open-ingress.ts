import type { Server } from 'node:http';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import type { NbserveError } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../../serve/protocol/index.js';
import { answerUnknown, errorHandler } from './answer-errors.js';
import { DocsRoutes } from './docs-routes.js';
import { FetchBesideRoutes, ListenCalled, NoRoutes } from './errors.js';
import { type ExchangeOwner, HttpExchange, type RunningExchange } from './http-exchange.js';
import { IngressRequest } from './ingress-request.js';
import type { OpenapiSettings } from './openapi-document.js';
import { UpgradeExchange } from './upgrade-exchange.js';
import { VirtualServer } from './virtual-server.js';

export type { ExchangeOwner, RunningExchange } from './http-exchange.js';

export interface IngressOptions {
  /** `app/deployment`. */
  readonly label: string;
  /** The constructed class. */
  readonly instance: object;
  /** The error that a client is told of, for what user code threw. */
  readonly failureOf: (thrown: unknown) => NbserveError;
}

/** Options for Fastify that a class may give as its static member `fastify`. */
type Settings = Omit<FastifyServerOptions, 'serverFactory' | 'http' | 'https' | 'http2'>;

/** The Fastify instance of a replica. */
export class IngressApp {
  readonly #app: FastifyInstance;
  readonly #server: Server;
  /** A number: a collection of them would make each look long-lived to the garbage collector. */
  #ongoing = 0;
  #onDrained: (() => void) | null = null;

  private constructor({ instance, failureOf }: IngressOptions) {
    let server: Server | undefined;
    const settings = (instance.constructor as { fastify?: Settings }).fastify ?? {};
    const handleError = errorHandler(failureOf);
    this.#app = fastify({
      // For a URL that cannot be read.
      frameworkErrors: (error, request, reply) => void handleError(error, request as never, reply as never),
      ...settings,
      // A drain waits for what was begun, so each of these is answered.
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
    // An error handler of user code goes before it.
    this.#app.setErrorHandler(handleError);
  }

  /** @throws what `routes` or a plugin throws; NBS_NO_ROUTES, NBS_FETCH_BESIDE_ROUTES, NBS_LISTEN_CALLED */
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
    // It may not have waited for its plugins.
    await app.after();
    app.listen = listen;
    pages.add();
    answerUnknown(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return ingress;
  }

  /** Whether it takes requests to speak another protocol, such as WebSocket. */
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

  /** Runs the hooks of the end: `preClose` now, `onClose` once all requests that were begun have ended. */
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

/** Tells each request's tracker of its handler: the slot of a request is taken as long as that runs. */
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
