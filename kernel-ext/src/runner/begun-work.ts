import { setTimeout as delay } from 'node:timers/promises';

/** How long a run waits at its end for the timers and requests of its cells. */
const LIMIT_MS = 10_000;
const POLL_MS = 5;

/** Matches requests to the operating system: files, host names, connections, compression. Handles that stay open (servers, sockets) do not match. */
const REQUEST = /^Immediate$|Req(uest)?(Wrap|Callback|Promise)?$|^TCPConnectWrap$|^PipeConnectWrap$|^ShutdownWrap$|^WriteWrap$/;

/** The timers and requests of the cells that have not ended. Node would wait for those of a script too. If one fails, the notebook has failed. */
export class BegunWork {
  readonly #intervals = new Set<NodeJS.Timeout>();

  /** Must be called before user code runs. It records which timers are intervals, because an interval never ends. */
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

  /** Resolves when all of them have ended, or after {@link LIMIT_MS}. */
  async done(): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    // Two successive polls must find nothing, because a callback may have begun something that only the next poll finds.
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
