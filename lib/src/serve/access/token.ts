import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Header for the cluster's token. It is not `authorization`, because that one belongs to the deployment. This header ends at the proxy. */
export const TOKEN_HEADER = 'nbserve-token';

/** Whether the client knows the token, so it can read the cluster's folder. */
export function showsToken(headers: IncomingHttpHeaders, token: string): boolean {
  const given = headers[TOKEN_HEADER];
  return typeof given === 'string' && isSame(given, token);
}

/** The same check for the `authorization` header, on the proxy's own pages. */
export function bearsToken(headers: IncomingHttpHeaders, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  return given !== undefined && isSame(given, token);
}

export const isToken = (given: string, token: string): boolean => isSame(given, token);

/** The comparison in constant time needs two values of the same length, so digests are compared. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
