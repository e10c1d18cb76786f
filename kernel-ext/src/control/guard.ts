import { GUARD } from './messages.js';

/** Runs what an interrupt must not terminate: half-done work of the kernel's own would never be finished. */
export function guarded<T>(shared: Int32Array, work: () => T): T {
  Atomics.add(shared, GUARD, 1);
  try {
    return work();
  } finally {
    Atomics.sub(shared, GUARD, 1);
  }
}
