import type { ValueExtension } from './value-extension.js';

/** Extensions beside the registered ones, for one use of the codec. */
export interface ValueCodec {
  readonly extensions: readonly ValueExtension[];
  /** What a path in an error starts with. @default 'value' */
  readonly root?: string;
}

/** @throws NBS_CANNOT_CLONE naming the path of what cannot be sent */
export function encodeValue(_value: unknown, _codec?: ValueCodec): Uint8Array {
  throw new Error('not built yet');
}

/** @throws NBS_INVALID_VALUE */
export function decodeValue(_bytes: Uint8Array, _codec?: ValueCodec): unknown {
  throw new Error('not built yet');
}
