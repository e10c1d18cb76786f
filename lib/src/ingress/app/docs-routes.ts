import type { FastifyInstance, RouteOptions } from 'fastify';
import { docsPage } from '../../openapi/index.js';
import { IngressRequest } from './ingress-request.js';
import { OpenapiDocument, type OpenapiSettings } from './openapi-document.js';

const DOCUMENT = '/openapi.json';
const PAGE = '/docs';

/** Collects the routes of an application, and answers requests for their description. */
export class DocsRoutes {
  readonly #app: FastifyInstance;
  readonly #document: OpenapiDocument;
  #isCollecting = true;

  constructor(app: FastifyInstance, options: { readonly deployment: string; readonly settings: OpenapiSettings }) {
    this.#app = app;
    const document = new OpenapiDocument(options);
    this.#document = document;
    const isCollecting = (): boolean => this.#isCollecting;
    app.addHook('onRoute', function (route: RouteOptions) {
      if (isCollecting()) document.add(route, this);
    });
  }

  /** Adds `/openapi.json` and `/docs`, each of them only if user code does not have it. Call it after all routes are registered. */
  add(): void {
    this.#isCollecting = false;
    const app = this.#app;
    const { title } = this.#document;
    if (!app.hasRoute({ method: 'GET', url: DOCUMENT })) {
      app.get(DOCUMENT, async (request, reply) => {
        const prefix = request.raw instanceof IngressRequest ? request.raw.prefix : '/';
        return reply.type('application/json; charset=utf-8').send(this.#document.textFor(prefix));
      });
    }
    if (app.hasRoute({ method: 'GET', url: PAGE })) return;
    const { html, headers } = docsPage({ title });
    app.get(PAGE, async (_request, reply) => reply.headers(headers).send(html));
  }
}
