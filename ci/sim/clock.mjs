/** Virtual time: events in order, in a binary heap. It is a `Clock` of nbserve, and it replaces Node's timers. */
export class VirtualClock {
  #now = 0;
  #count = 0;
  #heap = [];
  /** True if promises were resolved. Code that waits for them must run before the next event. */
  isDirty = false;

  now = () => this.#now;

  after = (delayMs, action) => {
    const event = { at: this.#now + Math.max(0, delayMs), order: this.#count, action };
    this.#count += 1;
    this.#push(event);
    return () => {
      event.action = null;
    };
  };

  /** @param {() => Promise<void>} drain lets the code run that waits for promises */
  async run(until, drain) {
    for (;;) {
      if (this.isDirty) {
        this.isDirty = false;
        await drain();
        continue;
      }
      const [next] = this.#heap;
      if (next === undefined || next.at > until) break;
      this.#pop();
      if (next.action === null) continue;
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = until;
  }

  #push(event) {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], event)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  #pop() {
    const heap = this.#heap;
    const last = heap.pop();
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) child += 1;
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a, b) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** The real clock, for measuring. */
export const realNow = performance.now.bind(performance);

/** From now on this process's timers and `performance.now()` follow the virtual clock: the router uses them. */
export function replaceTimers(clock) {
  /** @type {any} */
  const timers = globalThis;
  const handle = (cancel) => {
    const one = { cancel, unref: () => one, ref: () => one, hasRef: () => false };
    return one;
  };
  timers.setTimeout = (action, ms = 0, ...args) => handle(clock.after(ms, () => action(...args)));
  timers.setInterval = (action, ms = 0, ...args) => {
    const again = () => {
      one.cancel = clock.after(Math.max(1, ms), again);
      action(...args);
    };
    const one = handle(clock.after(Math.max(1, ms), again));
    return one;
  };
  timers.clearTimeout = (one) => one?.cancel();
  timers.clearInterval = timers.clearTimeout;
  Object.defineProperty(performance, 'now', { value: clock.now });
}
