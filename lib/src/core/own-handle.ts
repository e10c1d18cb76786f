/** A registered symbol, because an application can have several copies of this package. */
const OWN = Symbol.for('nbserve.own-handle');

/** Marks a connection or a child process as one of nbserve's own, which belongs to a cluster and not to what user code began. */
export function markOwn<T extends object>(handle: T): T {
  return Object.defineProperty(handle, OWN, { value: true });
}

/** Whether a connection or a child process is one of nbserve's own. */
export const isOwn = (handle: object): boolean => OWN in handle;
