import { registerExtension } from '../../core/index.js';
import type { HandleRef } from '../protocol/index.js';
import { createHandle, handleRef } from './handle.js';
import { unawaitedResponse } from './remote-call.js';
import { registerResponseCodec } from './response-codec.js';

let registered = false;

/**
 * Makes it possible to send handles in arguments, results and captured values. Only the two names are sent, and the receiver makes a new handle of
 * them.
 */
export function registerHandleCodec(): void {
  if (registered) return;
  registered = true;
  registerExtension({
    name: 'handle',
    test: (value) => value instanceof PendingHandle || handleRef(value) !== undefined,
    encode: (value: object): HandleRef => {
      const { app, deployment } = handleRef(value) ?? (value as PendingHandle);
      return { app, deployment };
    },
    decode: (ref: unknown) => createHandle<unknown>(ref as HandleRef),
  });
  registerExtension(unawaitedResponse);
  registerResponseCodec();
}

/** Takes the place of a handle in constructor arguments until the replica makes a handle of it. */
export class PendingHandle implements HandleRef {
  constructor(
    readonly app: string,
    readonly deployment: string,
  ) {}
}
