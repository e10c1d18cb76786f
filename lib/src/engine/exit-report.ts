import type { WireError } from '../core/index.js';

/**
 * Exit codes with a name. The exit code alone says why a process ended, so that the reason is known even if its connection broke.
 * Codes below 64 are used by Node and by user code.
 */
export const ExitCode = {
  /** It ended by itself, without an error. */
  ENDED: 0,
  /** An error was not caught, or user code called `process.exit`. */
  CRASHED: 1,
  /** The user's constructor threw. */
  CONSTRUCTOR_FAILED: 80,
  /** Its code could not be loaded. */
  CODE_FAILED: 81,
  /** Its socket could not listen. */
  CANNOT_LISTEN: 82,
  /** It was started with arguments that it does not understand. */
  BAD_ARGUMENTS: 83,
  /** A process that it connected to has another version. */
  VERSION_SKEW: 84,
  /** User code went on after its request was cancelled. */
  STUCK: 85,
  /** Its cluster ended. */
  OWNER_GONE: 86,
} as const;

export type ExitName =
  | keyof typeof ExitCode
  /** It was asked to stop, and ended by itself or by SIGKILL after the grace. */
  | 'STOPPED'
  /** A signal ended it. */
  | 'KILLED'
  /** V8's heap was full, or the system ended it because memory ran out. */
  | 'OUT_OF_MEMORY'
  /** The node that it ran on went down. */
  | 'NODE_LOST'
  /** The node that it runs on leaves the cluster. It may still finish what it has begun, and nothing new is for it. */
  | 'NODE_LEFT'
  /** The operating system could not start it. */
  | 'SPAWN_FAILED';

export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  readonly name: ExitName;
  /** Its last lines on stderr. */
  readonly stderrTail: readonly string[];
  /** The error that it ended with, if it called `exit(name, error)`. */
  readonly error?: WireError;
}

const NAME_BY_CODE = new Map(Object.entries(ExitCode).map(([name, code]) => [code as number, name as keyof typeof ExitCode]));

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: string | null;
  /** True if it had been asked to stop. */
  readonly asked: boolean;
  readonly stderrTail: readonly string[];
  /** The name that its watcher's thread reported before it killed the process. */
  readonly said?: 'STUCK' | undefined;
  /** True if the system has just ended a process because memory ran out. */
  readonly starved?: boolean;
}

/** The name for the way in which a process ended. */
export function nameExit({ code, signal, asked, stderrTail, said, starved }: ExitFacts): ExitName {
  const aborted = signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || code === 134;
  if (aborted && stderrTail.some((line) => line.includes('heap out of memory') || line.includes('OOMErrorHandler')))
    return 'OUT_OF_MEMORY';
  if (asked && (code === 0 || signal !== null)) return 'STOPPED';
  if (signal !== null && said === 'STUCK') return said;
  if (signal === 'SIGKILL' && starved === true) return 'OUT_OF_MEMORY';
  if (signal !== null) return 'KILLED';
  return NAME_BY_CODE.get(code ?? -1) ?? 'CRASHED';
}

/** Whether a process ended because of its node, and not by what it did itself. */
export const endedWithNode = ({ name }: ExitReport): boolean => name === 'NODE_LOST' || name === 'NODE_LEFT';

/** The end of a process as a part of a sentence: `KILLED, by SIGKILL`. */
export function describeExit({ code, signal, name }: ExitReport): string {
  if (signal !== null) return `${name}, by ${signal}`;
  return code === null ? name : `${name}, exit code ${code}`;
}
