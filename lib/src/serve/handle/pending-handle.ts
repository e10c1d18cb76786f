import type { HandleRef } from '../protocol/index.js';

/** Stands for a handle in constructor arguments until the replica makes it one. */
export class PendingHandle implements HandleRef {
  constructor(
    readonly app: string,
    readonly deployment: string,
  ) {}
}
