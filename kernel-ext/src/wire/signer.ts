import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Connection } from './connection.js';

/** Signs and checks the four JSON parts of a message (header, parent header, metadata, content). */
export class Signer {
  readonly #key: string;
  readonly #hash: string;

  constructor(connection: Pick<Connection, 'key' | 'hash'>) {
    this.#key = connection.key;
    this.#hash = connection.hash;
  }

  /** True where messages carry no signature (an empty key). */
  get unsigned(): boolean {
    return this.#key === '';
  }

  /** The signature as lower-case hex in ASCII; empty without a key. */
  sign(parts: readonly Uint8Array[]): Buffer {
    if (this.unsigned) return Buffer.alloc(0);
    const mac = createHmac(this.#hash, this.#key);
    for (const part of parts) mac.update(part);
    return Buffer.from(mac.digest('hex'), 'ascii');
  }

  /** Takes the same time whichever byte differs. Only the length, which is no secret, is compared first. */
  verify(signature: Uint8Array, parts: readonly Uint8Array[]): boolean {
    if (this.unsigned) return true;
    const expected = this.sign(parts);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
}
