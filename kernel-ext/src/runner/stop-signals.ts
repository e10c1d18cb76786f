import { packageRunnerGone, RUNNER_GONE } from 'nbserve/cli';

/** npx passes on the Ctrl-C that the terminal has already sent to this process. Within this time, it does not count as a second one. */
const SAME_MS = 200;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopSignals {
  /** The first signal that came. */
  readonly received: NodeJS.Signals | null;
  /** From now on the signals have their default effect again. */
  close(): void;
}

/** Handles the signals that end a program, and the end of the npx that has started it, which counts as SIGTERM. `onFirst` is called for the first one and should end in order, `onSecond` for the next and should end at once. */
export function onStopSignals(
  onFirst: (signal: NodeJS.Signals) => void,
  onSecond: (signal: NodeJS.Signals) => void,
): StopSignals {
  let received: NodeJS.Signals | undefined;
  let at = 0;
  let isClosed = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (received === signal && performance.now() - at < SAME_MS) return;
    if (received !== undefined) {
      onSecond(signal);
      return;
    }
    received = signal;
    at = performance.now();
    onFirst(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  void packageRunnerGone().then(() => {
    if (isClosed || received !== undefined) return;
    console.error(RUNNER_GONE);
    onSignal('SIGTERM');
  });
  return {
    get received() {
      return received ?? null;
    },
    close: () => {
      isClosed = true;
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
