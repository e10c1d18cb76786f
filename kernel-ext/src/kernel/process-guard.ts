import { format } from 'node:util';

/** What user code gets that calls `process.exit`: a notebook's kernel ends from the Kernel menu, with its state and apps until then. */
class ProcessExit extends Error {
  constructor(code: string | number | null | undefined) {
    super(`process.exit(${code ?? ''}) was called; the kernel goes on (to end it, use the Kernel menu)`);
    this.name = 'ProcessExit';
  }
}

export interface ProcessEvents {
  /** SIGINT; comes only while the main thread is free. */
  onInterrupt(): void;
  /** SIGTERM or SIGHUP. */
  onEnd(): void;
}

let reporting = false;

/** Tells about an error that no cell caught. The session routes stderr to the cell that it belongs to. */
function report(kind: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
  // The session may have a handler that knows more; and a broken stderr must not call us for ever.
  if (reporting || process.listenerCount(kind) > 1) return;
  reporting = true;
  try {
    process.stderr.write(`${kind === 'unhandledRejection' ? 'Unhandled rejection: ' : 'Uncaught '}${format(error)}\n`);
  } catch {
    // Nobody is left to tell.
  } finally {
    reporting = false;
  }
}

/**
 * Keeps the kernel's process alive whatever user code does to it.
 * @returns the real `process.exit`
 */
export function guardProcess(events: ProcessEvents): (code: number) => never {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    throw new ProcessExit(code);
  };
  process.on('SIGINT', () => events.onInterrupt());
  process.on('SIGTERM', () => events.onEnd());
  process.on('SIGHUP', () => events.onEnd());
  process.on('uncaughtException', (error) => report('uncaughtException', error));
  process.on('unhandledRejection', (error) => report('unhandledRejection', error));
  return exit;
}
