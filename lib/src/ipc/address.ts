import type { Address } from './messages.js';

/** Limit of a Unix socket's path on macOS; Linux allows four bytes more. A longer one would be cut off silently. */
const MAX_SOCKET_PATH_BYTES = 104;

export function showAddress(address: Address): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}

/** Why the address cannot be used, or null. */
export function addressFault(address: Address): string | null {
  if (!('path' in address) || Buffer.byteLength(address.path) < MAX_SOCKET_PATH_BYTES) return null;
  return `the path of a Unix socket must be shorter than ${MAX_SOCKET_PATH_BYTES} bytes; set NBSERVE_HOME to a shorter folder`;
}
