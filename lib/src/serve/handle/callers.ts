import { expectInterrupts } from '../../core/index.js';
import { contextOf } from './context.js';

/** The parts of a driver that make calls: the cells of a notebook. */
export interface Callers {
  /** Number of the part whose code runs now; `undefined` if no part runs. */
  current(): number | undefined;
  /** Is aborted when the user interrupts the part whose code runs now; `undefined` if no part runs. */
  interruption(): AbortSignal | undefined;
  /** Runs `print` as the part with this number, so that its output appears there. @returns false if there is no such part */
  run(part: number, print: () => void): boolean;
  /** The debugger of this driver, if it can have one. */
  readonly debugging?: {
    /** While it is attached, calls have no deadline: they may stand at a breakpoint. */
    isAttached(): boolean;
    /** While it is attached: resolves when it sees the replicas that run now. Nothing is sent to a new replica before. */
    seesReplicas(): Promise<void> | undefined;
  };
}

let callers: Callers | null = null;

/** From now on, if replicas print something during a call through a handle, it appears at the part of this driver that made the call. */
export function setCallers(given: Callers): void {
  callers = given;
  expectInterrupts();
}

/** The current caller, for the head of a call to an application: `<driver>:<part>`. */
export function callerNow(app: string): string | undefined {
  const part = callers?.current();
  return part === undefined ? undefined : `${contextOf(app).driver ?? ''}:${part}`;
}

/** Runs `print` as the part of this driver that `caller` names. @returns false if there is no such part; then nothing was printed */
export function printAsCaller(caller: string, print: () => void): boolean {
  const part = Number(caller.slice(caller.indexOf(':') + 1));
  return callers?.run(part, print) ?? false;
}

/** Is aborted when the user interrupts the part of this driver whose code runs now. What works on its behalf must end then. */
export const interruption = (): AbortSignal | undefined => callers?.interruption();

/** Whether a debugger is attached to this driver. */
export const isDebugged = (): boolean => callers?.debugging?.isAttached() ?? false;

/** While a debugger is attached to this driver: resolves when it sees the replicas that run now. */
export const debuggerSeesReplicas = (): Promise<void> | undefined => callers?.debugging?.seesReplicas();
