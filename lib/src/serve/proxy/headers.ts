import { TOKEN_HEADER } from '../access/index.js';

/**
 * Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1); `expect`, which the proxy answers; and the cluster's token,
 * which is only for the proxy.
 */
const HOP_BY_HOP = new Set([
  TOKEN_HEADER,
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
// The length is compared before the name is converted to lower case: most names have none of these lengths.
const LENGTHS = new Set([...HOP_BY_HOP].map((name) => name.length));

/**
 * The headers that are passed on: without hop-by-hop headers and without those that `Connection` names.
 * @param flat name, value, name, value, …; it is returned itself if nothing is removed
 */
export function endToEnd(flat: string[]): string[] {
  let kept: string[] | null = null;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (LENGTHS.has(name.length) && HOP_BY_HOP.has(name.toLowerCase())) kept ??= flat.slice(0, i);
    else kept?.push(name, flat[i + 1] as string);
  }
  if (kept === null) return flat;
  const named = connectionOptions(flat);
  return named === null ? kept : without(kept, named);
}

function connectionOptions(flat: readonly string[]): Set<string> | null {
  let named: Set<string> | null = null;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]?.toLowerCase() !== 'connection') continue;
    for (const option of (flat[i + 1] ?? '').split(',')) {
      const name = option.trim().toLowerCase();
      if (name === '' || name === 'close' || HOP_BY_HOP.has(name)) continue;
      named ??= new Set();
      named.add(name);
    }
  }
  return named;
}

function without(flat: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    if (!names.has((flat[i] as string).toLowerCase())) kept.push(flat[i] as string, flat[i + 1] as string);
  }
  return kept;
}

/** Headers without those of the content, which is another one. @param flat name, value, name, value, … */
export function withoutContent(flat: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (
      !/^(?:content-(?:type|length|encoding|range|disposition|language)|etag|last-modified|x-request-id|date|retry-after|allow)$/i.test(
        name,
      )
    ) {
      kept.push(name, flat[i + 1] as string);
    }
  }
  return kept;
}
