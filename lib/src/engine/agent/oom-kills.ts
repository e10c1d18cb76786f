import { readFileSync } from 'node:fs';

/** The kernel's counters; `oom_kill` counts the processes that it ended because memory ran out, in the whole machine or in a control group. */
const COUNTERS = '/proc/vmstat';
const LOOK_EVERY_MS = 2000;

/**
 * Tells whether the system has just ended a process because memory ran out. The signal is the same as that of `kill -9`, and the kernel's log is only for
 * root. So the counter is read every two seconds: it counts every process of the machine, and an old one is not taken for the cause of a new end.
 */
export class OomKills {
  readonly #read: () => number | null;
  #before: number | null;
  #last: number | null;

  constructor(read: () => number | null = readCounter) {
    this.#read = read;
    this.#last = read();
    this.#before = this.#last;
  }

  /** Looks again and again, as long as the process has something else to do. */
  watch(): this {
    if (this.#last !== null) setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    return this;
  }

  look(): void {
    this.#before = this.#last;
    this.#last = this.#read();
  }

  /**
   * Takes one of the ends of the last seconds, if there is one: since the look before the last one, because an end is reported a moment later. What was
   * taken explains no other end.
   */
  take(): boolean {
    const now = this.#read();
    if (now === null || this.#before === null || this.#last === null || now <= this.#before) return false;
    this.#before += 1;
    this.#last = Math.max(this.#last, this.#before);
    return true;
  }
}

function readCounter(): number | null {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync(COUNTERS, 'latin1')) ?? [];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}
