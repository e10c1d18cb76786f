import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { NbserveError } from '../../core/index.js';
import { HostRefused, OriginRefused } from './errors.js';

export interface AccessRules {
  /** Address that the server is bound to. */
  readonly host: string;
  /** Host names under which it is served, besides loopback names; `'*'` means any. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call it, besides loopback ones, such as `https://app.example`; `'*'` means any. */
  readonly allowedOrigins: readonly string[];
  /** Refuse pages of other ports of loopback names too. @default false */
  readonly onlyOwnOrigin?: boolean;
}

const MAX_REMEMBERED = 256;

/**
 * Decides who may call. The Host header is checked because of DNS rebinding: an attacker's host name may suddenly resolve to 127.0.0.1. The origin is
 * checked because a page of any site may send requests to this machine.
 */
export class Access {
  readonly #rules: AccessRules;
  readonly #bindsBeyondLoopback: boolean;
  readonly #allowedHosts: ReadonlySet<string>;
  /** Host headers that were accepted before, because nearly every request has the same one. */
  readonly #goodHosts = new Set<string>();

  constructor(rules: AccessRules) {
    this.#rules = rules;
    this.#bindsBeyondLoopback = !isLoopbackName(rules.host);
    this.#allowedHosts = new Set(rules.allowedHosts.map((name) => hostName(isIP(name) === 6 ? `[${name}]` : name) ?? name));
  }

  /** The error with which this request is refused, or `null`. */
  refuse({ headers, rawHeaders, url = '/' }: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>): NbserveError | null {
    const { host } = headers;
    if (host !== undefined) {
      // If there are two, Node uses the first one and other servers the last one, and a deployment would see both.
      const given = count(rawHeaders, 'host') > 1 ? 'given twice' : host;
      if (!this.#servesHost(given)) return HostRefused({ host: given });
    }
    // A target in absolute form contains the host (RFC 9112, section 3.2.2).
    if (!url.startsWith('/') && URL.canParse(url)) {
      const authority = new URL(url).host;
      if (!this.#servesHost(authority)) return HostRefused({ host: authority });
    }
    if (headers.origin !== undefined) return this.#refuseOrigin(headers.origin, host);
    return this.#comesFromElsewhere(headers) ? this.#refuseOrigin(originOf(headers.referer), host) : null;
  }

  /**
   * Whether a page of another site causes the request. Requests for images, scripts, frames, forms and links have no Origin header, but each is a GET
   * that runs the model.
   * Browsers say in Sec-Fetch-Site who caused a request (https://www.w3.org/TR/fetch-metadata/): a page of this server, the user, who typed the
   * address (`none`), or another site. Browsers from before 2023 do not, but they name the page in Referer. Other programs send neither.
   */
  #comesFromElsewhere({ host, referer, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (site === undefined) return referer !== undefined;
    if (site === 'same-origin' || site === 'none') return false;
    // This is another port of a loopback name, so the page is on the same machine.
    return (
      this.#rules.onlyOwnOrigin === true || site !== 'same-site' || host === undefined || !isLoopbackName(hostName(host) ?? '')
    );
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
    const { host } = this.#rules;
    if (isLoopbackName(name) || name === host.toLowerCase()) return true;
    // An attacker cannot make an address point elsewhere. Addresses are accepted if the server is meant to be reached from other machines.
    if (this.#bindsBeyondLoopback && isIP(name) !== 0) return true;
    return this.#allowedHosts.has('*') || this.#allowedHosts.has(name);
  }

  #refuseOrigin(origin: string, host: string | undefined): NbserveError | null {
    const name = originName(origin);
    const { allowedOrigins } = this.#rules;
    if (name !== null && isLoopbackName(name) && this.#rules.onlyOwnOrigin !== true) return null;
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
 * The name in a Host header, without port and brackets, in lower case; null if the header is not valid. The URL of a request is made from it, so
 * `evil.example/.localhost` must be refused: the URL would point to another host.
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
