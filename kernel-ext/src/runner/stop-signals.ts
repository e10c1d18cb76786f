/** npx passes on the Ctrl-C that the terminal has sent to both: that is no second one. */
const SAME_MS = 200;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopSignals {
  /** The first one that came. */
  readonly received: NodeJS.Signals | undefined;
  /** From now on they do again what they do by default. */
  close(): void;
}

/** Takes the signals that ask for an end: `onFirst` ends in order, `onSecond` at once. */
export function onStopSignals(
  onFirst: (signal: NodeJS.Signals) => void,
  onSecond: (signal: NodeJS.Signals) => void,
): StopSignals {
  let received: NodeJS.Signals | undefined;
  let at = 0;
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
  return {
    get received() {
      return received;
    },
    close: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
