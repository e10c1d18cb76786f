import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteSnapshot } from '../protocol/index.js';

/** Paths that the proxy answers itself. */
export const OWN_PREFIX = '/-/';

export interface OwnPages {
  readonly token: string;
  readonly snapshot: RouteSnapshot | null;
}

/** `/-/healthz` for everyone; `/-/routes` for those who hold the cluster's token. */
export function answerOwnPage(url: string, request: IncomingMessage, response: ServerResponse, pages: OwnPages): void {
  const path = url.split('?', 1)[0];
  if (path === '/-/healthz') {
    answer(response, 200, 'text/plain; charset=utf-8', 'success');
    return;
  }
  if (path !== '/-/routes') {
    answerJson(response, 404, { error: { code: 'NBS_NO_ROUTE', message: `no page at ${path}; pages: /-/healthz, /-/routes` } });
    return;
  }
  if (!holdsToken(request, pages.token)) {
    response.setHeader('www-authenticate', 'Bearer');
    const message = "send the cluster's token: authorization: Bearer <token>";
    answerJson(response, 401, { error: { code: 'NBS_UNAUTHORIZED', message } });
    return;
  }
  const routes = pages.snapshot?.routes.map(({ prefix, app, deployment }) => [prefix, { app, deployment }]) ?? [];
  answerJson(response, 200, Object.fromEntries(routes));
}

function holdsToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Digests are of one length, which the comparison in constant time needs.
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  answer(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}
