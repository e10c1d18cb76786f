import { type ChildContext, ExitCode } from '../../engine/index.js';

/** Gets the reason of a rejection that nobody handles. @returns false if the rejection does not belong to it */
type RejectionTaker = (reason: unknown, promise: Promise<unknown>) => boolean;

const takers = new Set<RejectionTaker>();

/** Until the returned function is called, `take` gets each such reason first. */
export function takeRejections(take: RejectionTaker): () => void {
  takers.add(take);
  return () => takers.delete(take);
}

/** Handles errors of user code that belong to no request. Each is printed to stderr, and if the process ends, its exit report says why. */
export function watchFaults(child: ChildContext<unknown>): { stopping(): void } {
  const exit = process.exit;
  let ours = false;
  process.on('unhandledRejection', (reason, promise) => {
    if ([...takers].some((take) => take(reason, promise))) return;
    console.error('unhandled rejection in the replica, which goes on:', reason);
  });
  process.on('uncaughtException', (error) => {
    ours = true;
    console.error('uncaught exception, which ends the replica:');
    child.exit('CRASHED', error);
  });
  process.exit = ((code?: number) => {
    const named = typeof code === 'number' && code >= FIRST_NAMED_CODE;
    if (ours || named) return exit(code);
    console.error(`process.exit(${code ?? ''}) was called by user code; the replica ends:`, new Error('called here').stack);
    return exit(ExitCode.CRASHED);
  }) as typeof process.exit;
  return {
    stopping() {
      ours = true;
    },
  };
}

const FIRST_NAMED_CODE = 64;
