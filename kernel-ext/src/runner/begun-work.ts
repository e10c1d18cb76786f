import { setTimeout as delay } from 'node:timers/promises';

/** How long the end of a run waits for what its cells have begun. */
const LIMIT_MS = 10_000;
const POLL_MS = 5;

/** Requests to the operating system: files, names, connections, compression. Handles that stay open (servers, sockets) are not waited for. */
const REQUEST = /^Immediate$|Req(uest)?(Wrap|Callback|Promise)?$|^TCPConnectWrap$|^PipeConnectWrap$|^ShutdownWrap$|^WriteWrap$/;

/** Timers and requests that are under way, as a process ends when none is: its failures are the notebook's. */
export class BegunWork {
  readonly #intervals = new Set<NodeJS.Timeout>();

  /** To be made before user code runs: an interval goes on for ever, and is told from a timer by who made it. */
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

  /** Resolves when nothing is under way, at the latest after {@link LIMIT_MS}. */
  async done(): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    // Two turns in a row: a callback may have begun something that shows in the next one only.
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
