import { registerExtension } from '../../core/index.js';
import type { HandleRef } from '../protocol/index.js';
import { createHandle, handleRef } from './handle.js';

let registered = false;

/** Lets handles travel in arguments, results and captured values: as their two names, made a handle again on arrival. */
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
}

/** Stands for a handle in constructor arguments until the replica makes it one. */
export class PendingHandle implements HandleRef {
  constructor(
    readonly app: string,
    readonly deployment: string,
  ) {}
}
