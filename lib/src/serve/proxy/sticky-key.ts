import { headerText, type StickyBy } from '../protocol/index.js';

/**
 * The part of a request that chooses its version; `undefined` if the request does not have it, or if it is empty.
 * @param headers name, value, name, value, …
 * @param url path and query, as the client sent them
 */
export function stickyKey(by: StickyBy, headers: readonly string[], url: string): string | undefined {
  if ('header' in by) return headerOf(headers, by.header) || undefined;
  if ('cookie' in by) return cookieOf(headerOf(headers, 'cookie'), by.cookie) || undefined;
  const query = url.indexOf('?');
  return query < 0 ? undefined : new URLSearchParams(url.slice(query + 1)).get(by.query) || undefined;
}

function headerOf(headers: readonly string[], name: string): string {
  const wanted = name.toLowerCase();
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.length === wanted.length && headers[i]?.toLowerCase() === wanted) return headerText(headers[i + 1] ?? '');
  }
  return '';
}

/** One cookie of a `Cookie` header (RFC 6265, section 4.2.1). */
function cookieOf(header: string, name: string): string {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return '';
}
