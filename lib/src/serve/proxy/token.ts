import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Shows the cluster's token. A header of its own, since `authorization` is the deployment's: this one ends at the proxy. */
export const TOKEN_HEADER = 'nbserve-token';

/** Whether a request comes from somebody who can read the cluster's folder. */
export function showsToken(headers: IncomingHttpHeaders, token: string): boolean {
  const given = headers[TOKEN_HEADER];
  return typeof given === 'string' && isSame(given, token);
}

/** The same by the `authorization` header, for pages that are the proxy's own. */
export function bearsToken(headers: IncomingHttpHeaders, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  return given !== undefined && isSame(given, token);
}

/** Digests are of one length, which the comparison in constant time needs. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
