/**
 * States of the handshake in `shared[TERMINATION]`. A termination may only hit JavaScript: set while the event loop is
 * idle, it would hit whatever comes next, the kernel's own work too.
 */
export const Termination = {
  /** The control thread has asked. */
  ASKED: 0,
  /** The main thread is inside JavaScript that may be ended, and waits for the order. */
  READY: 1,
  /** The order is on its way. */
  ORDERED: 2,
  /** There is nothing to end, or it must not be ended at this very place. */
  REFUSED: 3,
} as const;
