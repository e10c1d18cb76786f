import type { ValueExtension } from '../../core/index.js';
import { decodeValue, encodeValue } from '../../ipc/index.js';
import type { PassedAnswer } from '../protocol/index.js';
import { handleContext } from './context.js';

/** The kind of value that stands for an answer in the arguments of a call: its number in the list that comes with them. */
const KIND = 'response';

let found: object[] = [];

/**
 * Encodes the arguments of a call. It searches arrays, plain objects, maps and sets for responses of other calls.
 * @returns the bytes, and the responses in the order of their numbers
 * @throws NBS_CANNOT_CLONE
 */
export function encodeArgs<R extends object>(args: readonly unknown[], codec: ArgsCodec<R>): ArgsBytes<R> {
  try {
    const bytes = encodeValue(args, codec);
    return { bytes, responses: found as R[] };
  } finally {
    if (found.length > 0) found = [];
  }
}

export interface ArgsBytes<R> {
  readonly bytes: Uint8Array;
  readonly responses: readonly R[];
}

/** Made once for a class of responses. */
export interface ArgsCodec<R> {
  readonly extensions: readonly ValueExtension[];
  readonly of?: R;
}

export function argsCodec<R extends object>(isResponse: (value: object) => boolean): ArgsCodec<R> {
  const encode = (value: unknown): number => {
    const at = found.indexOf(value as object);
    return at >= 0 ? at : found.push(value as object) - 1;
  };
  return { extensions: [{ name: KIND, test: isResponse, encode, decode: (wire) => wire }] };
}

/** The body of a call with answers of other calls in its arguments. */
export const withAnswers = (args: Uint8Array, answers: readonly PassedAnswer[]): Uint8Array => encodeValue([args, answers]);

/**
 * Reads the arguments of such a call: answers that are kept elsewhere are read there, all at once.
 * @param decode decodes the arguments themselves
 * @throws NBS_ANSWER_LOST, NBS_CANCELLED, NBS_INVALID_VALUE
 */
export async function readPassed(
  body: Uint8Array | null,
  signal: AbortSignal,
  decode: typeof decodeValue = decodeValue,
): Promise<unknown[]> {
  const [args, answers] = decodeValue(body ?? new Uint8Array(0)) as [Uint8Array, PassedAnswer[]];
  const all = await Promise.all(
    answers.map((answer) => ('bytes' in answer ? answer.bytes : handleContext().router.readKept(answer.kept, signal))),
  );
  const values = all.map(valueFrom);
  // The decoder takes only objects here, so a primitive value gets a box, from which it is taken in the end.
  const parts = values.map((value) => (typeof value === 'object' && value !== null ? value : new Box(value)));
  const extension: ValueExtension = {
    name: KIND,
    test: () => false,
    encode: (value) => value,
    decode: (at) => parts[at as number],
  };
  const decoded = decode(args, { extensions: [extension] }) as unknown[];
  return parts.some((part) => part instanceof Box) ? (unbox(decoded, new Set()) as unknown[]) : decoded;
}

class Box {
  constructor(readonly value: unknown) {}
}

/** Replaces the boxes in an array, plain object, map or set, and in what these contain. */
function unbox(value: unknown, seen: Set<unknown>): unknown {
  if (value instanceof Box) return value.value;
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  seen.add(value);
  if (value instanceof Map) {
    const entries = [...value];
    value.clear();
    for (const [key, item] of entries) value.set(unbox(key, seen), unbox(item, seen));
  } else if (value instanceof Set) {
    const items = [...value];
    value.clear();
    for (const item of items) value.add(unbox(item, seen));
  } else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      const item = unbox(holder[key], seen);
      // An assignment to `__proto__` would do something else.
      if (item !== holder[key])
        Object.defineProperty(holder, key, { value: item, enumerable: true, configurable: true, writable: true });
    }
  }
  return value;
}

/** The value of an answer; no bytes are `undefined`. */
export const valueFrom = (bytes: Uint8Array): unknown => (bytes.length === 0 ? undefined : decodeValue(bytes));
