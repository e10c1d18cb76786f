import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { NbserveError } from '../../core/index.js';
import { HostRefused, OriginRefused } from './errors.js';

export interface AccessRules {
  /** Address that the server is bound to. */
  readonly host: string;
  /** Names that it is served under beside loopback ones; `'*'` is any. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call it beside loopback ones, such as `https://app.example`; `'*'` is any. */
  readonly allowedOrigins: readonly string[];
}

const MAX_REMEMBERED = 256;

/**
 * Who may call. The Host header is checked because of DNS rebinding (a page's own name that suddenly means 127.0.0.1), the origin because
 * a page of any site may send requests to this machine.
 */
export class Access {
  readonly #rules: AccessRules;
  readonly #bindsBeyondLoopback: boolean;
  /** Host headers that are good: nearly every request brings the same one. */
  readonly #goodHosts = new Set<string>();

  constructor(rules: AccessRules) {
    this.#rules = rules;
    this.#bindsBeyondLoopback = !isLoopbackName(rules.host);
  }

  /** Why this request is refused, or `null`. */
  refuse({ headers, rawHeaders, url = '/' }: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>): NbserveError | null {
    const { host } = headers;
    if (host !== undefined) {
      // Two of them: Node takes the first one, others the last, and a deployment would see both.
      const given = count(rawHeaders, 'host') > 1 ? 'given twice' : host;
      if (!this.#servesHost(given)) return HostRefused({ host: given });
    }
    // In absolute form the target says the host (RFC 9112, section 3.2.2).
    if (!url.startsWith('/') && URL.canParse(url)) {
      const authority = new URL(url).host;
      if (!this.#servesHost(authority)) return HostRefused({ host: authority });
    }
    if (headers.origin !== undefined) return this.#refuseOrigin(headers.origin, host);
    return this.#comesFromElsewhere(headers) ? this.#refuseOrigin(originOf(headers.referer), host) : null;
  }

  /**
   * A page's images, scripts, frames, forms and links come without Origin: each is a GET that runs the model. Browsers say in Sec-Fetch-Site who had the
   * idea (https://www.w3.org/TR/fetch-metadata/): this server's own page, the user, who typed the address (`none`), or somebody else. Those from before
   * 2023 do not, but name the page in Referer; other programs send neither.
   */
  #comesFromElsewhere({ host, referer, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (site === undefined) return referer !== undefined;
    if (site === 'same-origin' || site === 'none') return false;
    // Another port of a loopback name: nobody else's page is there.
    return site !== 'same-site' || host === undefined || !isLoopbackName(hostName(host) ?? '');
  }

  /** @param given host and port, as in a Host header */
  #servesHost(given: string): boolean {
    if (this.#goodHosts.has(given)) return true;
    const name = hostName(given);
    if (name === null || !this.#servesName(name)) return false;
    if (this.#goodHosts.size < MAX_REMEMBERED) this.#goodHosts.add(given);
    return true;
  }

  #servesName(name: string): boolean {
    const { host, allowedHosts } = this.#rules;
    if (isLoopbackName(name) || name === host.toLowerCase()) return true;
    // An address is no name that an attacker could point elsewhere; answered where others are to reach the server at all.
    if (this.#bindsBeyondLoopback && isIP(name) !== 0) return true;
    return allowedHosts.includes('*') || allowedHosts.includes(name);
  }

  #refuseOrigin(origin: string, host: string | undefined): NbserveError | null {
    const name = originName(origin);
    const { allowedOrigins } = this.#rules;
    if (name !== null && isLoopbackName(name)) return null;
    if (host !== undefined && originAuthority(origin) === host) return null;
    if (allowedOrigins.includes('*') || allowedOrigins.includes(origin)) return null;
    return OriginRefused({ origin });
  }
}

/** `localhost`, a name below it, or a loopback address. */
function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  const v4 = name.startsWith('::ffff:') ? name.slice(7) : name;
  return v4.startsWith('127.') && isIP(v4) === 4;
}

/**
 * The name in a Host header: without port and brackets, in lower case. Null where it is none: a deployment's URL is made of it,
 * and `evil.example/.localhost` would be an URL of somebody else.
 */
function hostName(host: string): string | null {
  const [, v6, name, port = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{0,5}))?$/i.exec(host) ?? [];
  if (Number(port) > 65_535) return null;
  if (v6 !== undefined) return isIP(v6) === 6 ? v6.toLowerCase() : null;
  return name?.toLowerCase().replace(/\.$/, '') || null;
}

function count(flat: readonly string[], name: string): number {
  let found = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const given = flat[i] as string;
    if (given.length === name.length && given.toLowerCase() === name) found += 1;
  }
  return found;
}

function originOf(referer: string | undefined): string {
  if (referer === undefined || !URL.canParse(referer)) return 'null';
  return new URL(referer).origin;
}

function originAuthority(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function originName(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, '') : null;
}
