import { createRequire } from 'node:module';

/** The symbols of `v8::Isolate::GetCurrent()`, `TerminateExecution()` and `CancelTerminateExecution()`. Node exports them for its addons. */
const GET_CURRENT = '_ZN2v87Isolate10GetCurrentEv';
const TERMINATE = '_ZN2v87Isolate18TerminateExecutionEv';
const CANCEL = '_ZN2v87Isolate24CancelTerminateExecutionEv';

function system() {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  return { koffi, node: koffi.load(null) };
}

/** The address of the calling thread's isolate; undefined if native functions cannot be called. */
export function isolateAddress(): string | undefined {
  try {
    const { koffi, node } = system();
    return koffi.address(node.func(`void *${GET_CURRENT}()`)()).toString();
  } catch {
    return undefined;
  }
}

/** Terminates the JavaScript that another thread's isolate runs, at its next check. */
export function terminateIsolate(address: string): void {
  system().node.func(`void ${TERMINATE}(uintptr_t isolate)`)(BigInt(address));
}

/** Takes back a termination that has ended code of a thread that stands at a breakpoint. Otherwise, it would end the code around it too. */
export function cancelTermination(address: string): void {
  system().node.func(`void ${CANCEL}(uintptr_t isolate)`)(BigInt(address));
}
