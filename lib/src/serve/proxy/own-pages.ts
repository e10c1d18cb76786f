import { bearsToken, showsToken, TOKEN_HEADER } from '../access/index.js';
import type { Route, RouteSnapshot } from '../protocol/index.js';
import { answerWithoutBody, type ClientRequest, type ClientResponse, endAnswer } from './end-answer.js';

/** The proxy answers paths below this one itself. */
export const OWN_PREFIX = '/-/';

export interface OwnPages {
  readonly token: string;
  /** Resolves when the proxy knows the routes. */
  readonly routed: () => Promise<RouteSnapshot>;
  /** Headers for pages of other origins. */
  readonly cors: readonly string[];
}

/** Answers `/-/healthz` for everyone, and `/-/routes` for clients that have the cluster's token. */
export function answerOwnPage(url: string, request: ClientRequest, response: ClientResponse, pages: OwnPages): void {
  const answer = (status: number, type: string, text: string, ...headers: string[]): void => {
    const body = Buffer.from(text);
    answerWithoutBody(request, response);
    response.writeHead(status, ['content-type', type, 'content-length', String(body.length), ...headers, ...pages.cors]);
    endAnswer(request, response, body);
  };
  const answerJson = (status: number, value: unknown, ...headers: string[]): void =>
    answer(status, 'application/json; charset=utf-8', JSON.stringify(value), ...headers);
  const path = url.split('?', 1)[0];
  if (path === '/-/healthz') {
    answer(200, 'text/plain; charset=utf-8', 'success');
    return;
  }
  if (path !== '/-/routes') {
    answerJson(404, { error: { code: 'NBS_NO_ROUTE', message: `this server has no page at ${path}` } });
    return;
  }
  if (!showsToken(request.headers, pages.token) && !bearsToken(request.headers, pages.token)) {
    const message = `send the cluster's token: ${TOKEN_HEADER}: <token>, or authorization: Bearer <token>`;
    answerJson(401, { error: { code: 'NBS_UNAUTHORIZED', message } }, 'www-authenticate', 'Bearer');
    return;
  }
  pages.routed().then(
    ({ routes }) => answerJson(200, Object.fromEntries(routes.map((route) => [route.prefix, shown(route)]))),
    ({ code, message }) => answerJson(503, { error: { code, message } }, 'retry-after', '1'),
  );
}

function shown({ app, deployment, split }: Route): unknown {
  if (split === undefined) return { app, deployment };
  return { app, deployment, split: Object.fromEntries(split.arms.map((arm) => [arm.app, arm.weight])) };
}
