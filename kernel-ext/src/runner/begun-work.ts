import { setTimeout as delay } from 'node:timers/promises';

/** How long a run waits at its end for the timers and requests of its cells. */
const LIMIT_MS = 10_000;
const POLL_MS = 5;

/** Matches requests to the operating system: files, names, connections, compression. Handles that stay open (servers, sockets) do not match. */
const REQUEST = /^Immediate$|Req(uest)?(Wrap|Callback|Promise)?$|^TCPConnectWrap$|^PipeConnectWrap$|^ShutdownWrap$|^WriteWrap$/;

/** The timers and requests that have not ended. A script's process would wait for them, and their failures are the notebook's. */
export class BegunWork {
  readonly #intervals = new Set<NodeJS.Timeout>();

  /** Make it before user code runs. It records which timers are intervals, because an interval never ends. */
  constructor() {
    const { setInterval } = globalThis;
    const intervals = this.#intervals;
    const counted = (...args: Parameters<typeof setInterval>): NodeJS.Timeout => {
      const interval = setInterval(...args);
      intervals.add(interval);
      return interval;
    };
    globalThis.setInterval = Object.assign(counted, setInterval) as typeof setInterval;
  }

  /** Resolves when all have ended, at the latest after {@link LIMIT_MS}. */
  async done(): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    // In two successive turns, because a callback may have begun something that is visible only in the next one.
    for (let idle = 0; idle < 2 && performance.now() < end; ) {
      await delay(POLL_MS, undefined, { ref: false });
      idle = this.#count() === 0 ? idle + 1 : 0;
    }
  }

  #count(): number {
    const resources = process.getActiveResourcesInfo();
    const timers = resources.filter((name) => name === 'Timeout').length - this.#refdIntervals();
    return Math.max(timers, 0) + resources.filter((name) => REQUEST.test(name)).length;
  }

  #refdIntervals(): number {
    for (const interval of this.#intervals) {
      if ((interval as unknown as { _destroyed: boolean })._destroyed) this.#intervals.delete(interval);
    }
    return [...this.#intervals].filter((interval) => interval.hasRef()).length;
  }
}
