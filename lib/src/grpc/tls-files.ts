import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { BadCertificate } from './errors.js';

/** Paths of a certificate, with the chain behind it, and of its private key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads both, each time anew: who renews them restarts the proxy only. @throws NBS_BAD_CERTIFICATE */
export function readTlsFiles({ cert, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  try {
    const read = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(read);
    return read;
  } catch (error) {
    throw BadCertificate({ cert, key, reason: (error as Error).message }, error);
  }
}
