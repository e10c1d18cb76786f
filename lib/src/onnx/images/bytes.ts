import { types } from 'node:util';
import { aboutInput } from '../../core/index.js';
import { ImageNotBytes } from '../errors.js';

/** @throws NBS_IMAGE_NOT_BYTES */
export function bytesOf(given: unknown, where: string): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (types.isAnyArrayBuffer(given)) return new Uint8Array(given);
  throw aboutInput(ImageNotBytes({ where, actual: describeValue(given) }));
}

function describeValue(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (typeof given !== 'object') return `a ${typeof given}`;
  if (typeof (given as Partial<Blob>).arrayBuffer === 'function')
    return `a ${given.constructor.name}, whose bytes are await it.arrayBuffer()`;
  return Array.isArray(given) ? 'an array' : `a value of type ${given.constructor?.name ?? 'object'}`;
}
