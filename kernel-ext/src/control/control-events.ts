import type { ShellRequest } from './messages.js';

/** What the control thread tells the main thread. */
export interface ControlEvents {
  /** A message came on the shell channel. */
  onRequest(request: ShellRequest): void;
  /** @param value undefined if the question was withdrawn */
  onAnswer(question: number, value: string | undefined): void;
  /** Code is about to be terminated. */
  onTermination(): void;
  /**
   * An interrupt was requested. It may be called more than once for one interrupt.
   * @param terminated true if synchronous code was terminated
   */
  onInterrupt(terminated: boolean): void;
  /** No more cells come for this subshell, and those that wait must not run. @param held cells of it that have not been passed on */
  onDeleted(subshell: string, held: readonly ShellRequest[]): void;
  /** A debugger was attached. */
  onDebugger(): void;
  /** The kernel must end, because of a request on the control channel, or because its parent has ended. */
  onShutdown(restart: boolean): void;
}
