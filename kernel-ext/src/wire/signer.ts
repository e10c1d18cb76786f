import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Connection } from './connection.js';

/** Signs and checks the four JSON parts of a message (header, parent header, metadata, content). */
export class Signer {
  /** Made once, because Node would make it anew from a string for each message. Undefined if messages have no signature. */
  readonly #key: KeyObject | undefined;
  readonly #hash: string;

  constructor(connection: Pick<Connection, 'key' | 'hash'>) {
    this.#key = connection.key === '' ? undefined : createSecretKey(connection.key, 'utf8');
    this.#hash = connection.hash;
  }

  /** True if messages have no signature, because the key is empty. */
  get unsigned(): boolean {
    return this.#key === undefined;
  }

  /** The signature as lower-case hex; empty without a key. */
  sign(parts: readonly (Uint8Array | string)[]): string {
    if (this.#key === undefined) return '';
    const mac = createHmac(this.#hash, this.#key);
    for (const part of parts) mac.update(part);
    return mac.digest('hex');
  }

  /** Compares in constant time, whichever byte differs. Only the length, which is no secret, is compared first. */
  verify(signature: Uint8Array, parts: readonly Uint8Array[]): boolean {
    if (this.unsigned) return true;
    const expected = Buffer.from(this.sign(parts), 'ascii');
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
}
