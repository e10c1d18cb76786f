import { answerWithoutBody, type ClientRequest, type ClientResponse, endAnswer } from './end-answer.js';

/** How long a browser may cache a preflight. Chromium limits this to two hours. */
const MAX_AGE_SECONDS = '600';
/** The usual methods. If a page asks for another one, it is added. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;
const TOKENS = /^[\w!#$%&'*+\-.^`|~]+(?:[ \t]*,[ \t]*[\w!#$%&'*+\-.^`|~]+)*$/;

const NONE: readonly string[] = [];
const ALLOW_ORIGIN = 'access-control-allow-origin';

/**
 * Lets pages of the allowed origins read answers (https://fetch.spec.whatwg.org/#http-cors-protocol). This applies only to origins that were named.
 * Pages of other loopback origins may call too, but only user code can let them read answers.
 * Cookies are not allowed: `access-control-allow-credentials` is never sent.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #any: boolean;

  /** @param allowedOrigins as in `AccessRules` */
  constructor(allowedOrigins: readonly string[]) {
    this.#origins = new Set(allowedOrigins);
    this.#any = allowedOrigins.includes('*');
  }

  /**
   * Headers that are added to each answer, so that a cache cannot give a page the answer for another one.
   * @returns name, value, name, value, …
   */
  headersFor({ headers: { origin } }: ClientRequest): readonly string[] {
    if (this.#any) return [ALLOW_ORIGIN, '*', 'access-control-expose-headers', '*'];
    if (this.#origins.size === 0) return NONE;
    if (origin === undefined || !this.#origins.has(origin)) return ['vary', 'origin'];
    return [ALLOW_ORIGIN, origin, 'access-control-expose-headers', '*', 'vary', 'origin'];
  }

  /** Answers a preflight of an allowed origin, so that user code need not do it. Returns false if the request is not such a preflight. */
  answerPreflight(request: ClientRequest, response: ClientResponse): boolean {
    const { method, headers } = request;
    const { origin, 'access-control-request-method': asked } = headers;
    if (method !== 'OPTIONS' || origin === undefined || typeof asked !== 'string' || !TOKEN.test(asked)) return false;
    if (!this.#any && !this.#origins.has(origin)) return false;
    const methods = METHODS.includes(asked) ? METHODS : [...METHODS, asked];
    const answer = [ALLOW_ORIGIN, this.#any ? '*' : origin, 'access-control-allow-methods', methods.join(', ')];
    const wanted = headers['access-control-request-headers'];
    if (typeof wanted === 'string' && TOKENS.test(wanted)) answer.push('access-control-allow-headers', wanted);
    if (headers['access-control-request-private-network'] === 'true') answer.push('access-control-allow-private-network', 'true');
    answer.push('access-control-max-age', MAX_AGE_SECONDS);
    answer.push('vary', 'origin, access-control-request-method, access-control-request-headers');
    answerWithoutBody(request, response);
    response.writeHead(204, answer);
    endAnswer(request, response, null);
    return true;
  }
}

/**
 * Adds the headers for pages to those of an answer. Headers that user code has set take precedence.
 * @param headers name, value, name, value, …
 */
export function withCors(headers: string[], cors: readonly string[]): string[] {
  if (cors.length === 0) return headers;
  for (let i = 0; i < headers.length; i += 2) if (headers[i]?.toLowerCase() === ALLOW_ORIGIN) return headers;
  headers.push(...cors);
  return headers;
}
