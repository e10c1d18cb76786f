/** The names that gRPC itself uses, besides those that begin with `grpc-`. */
const RESERVED = new Set(['content-type', 'te', 'user-agent', 'connection', 'transfer-encoding', 'host', 'status']);

/** Clients of gRPC accept 8 KiB by default, with the status and its message. */
const MAX_METADATA = 6000;

/** Why gRPC cannot carry metadata that a replica answers with, or null. @param flat name, value, name, value, … */
export function metadataFault(flat: unknown): { readonly name: string; readonly reason: string } | null {
  if (!Array.isArray(flat) || flat.length % 2 !== 0 || !flat.every((text) => typeof text === 'string'))
    return { name: 'of the answer', reason: 'they are no pairs of texts' };
  let bytes = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const [name, value] = [flat[i] as string, flat[i + 1] as string];
    const reason = pairFault(name, value);
    if (reason !== null) return { name, reason };
    bytes += name.length + value.length;
    if (bytes > MAX_METADATA) return { name, reason: `all together have over ${MAX_METADATA} characters` };
  }
  return null;
}

function pairFault(name: string, value: string): string | null {
  if (name.startsWith('grpc-') || RESERVED.has(name)) return 'the name belongs to gRPC';
  if (!/^[\da-z_.-]+$/.test(name)) return 'a name has letters, digits, _, - and .';
  if (name.endsWith('-bin'))
    return /^[\d+/A-Za-z]*={0,2}$/.test(value) ? null : 'a value under a name that ends in -bin is base64';
  return /^[\x20-\x7e]*$/.test(value) ? null : 'a value has the printable characters of ASCII';
}
