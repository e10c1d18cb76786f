import { GUARD } from './messages.js';

/** Runs work that an interrupt must not terminate, because half-done work of the kernel would never be finished. */
export function guarded<T>(shared: Int32Array, work: () => T): T {
  Atomics.add(shared, GUARD, 1);
  try {
    return work();
  } finally {
    Atomics.sub(shared, GUARD, 1);
  }
}
