const TICK_MS = 50;

/**
 * A time limit that counts only the time in which this process could run. If the machine is busy, or if the process was blocked or stopped, a timer would
 * be over before the code for which it waits got its turn. It does not keep the process alive.
 * @returns a function that ends the wait
 */
export function patience(ms: number, over: () => void): () => void {
  let left = Math.ceil(ms / TICK_MS);
  // A late interval is not made up for, so it counts as one.
  const ticks = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(ticks);
    over();
  }, TICK_MS).unref();
  return () => clearInterval(ticks);
}
