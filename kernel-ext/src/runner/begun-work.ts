import { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Deferred, deferred, isOwn } from 'nbserve/basics';
import { isInCell } from '../session/index.js';

/** How long a run waits at its end for what its cells have begun. */
const LIMIT_MS = 10_000;
const POLL_MS = 5;

/** Matches requests to the operating system: files, host names, connections, compression. Handles that stay open (servers, pipes) do not match. */
const REQUEST = /^Immediate$|Req(uest)?(Wrap|Callback|Promise)?$|^TCPConnectWrap$|^PipeConnectWrap$|^ShutdownWrap$|^WriteWrap$/;

/** The handles that keep the event loop alive; Node has no public API for them. */
const activeHandles = (): readonly unknown[] =>
  (process as unknown as { _getActiveHandles(): readonly unknown[] })._getActiveHandles();

/**
 * What the cells have begun and what has not ended: timers, requests, child processes, threads, and connections that they opened. Node would wait for those
 * of a script too. If one fails, the notebook has failed.
 */
export class BegunWork {
  readonly #intervals = new Set<NodeJS.Timeout>();
  readonly #threads = new Set<Worker>();
  readonly #unreferenced = new WeakSet<Worker>();
  #stopped: Deferred<void> | undefined;

  /** Must be called before user code runs. It records which timers are intervals, because an interval never ends, and which threads are unreferenced. */
  constructor() {
    const { setInterval } = globalThis;
    const intervals = this.#intervals;
    const counted = (...args: Parameters<typeof setInterval>): NodeJS.Timeout => {
      const interval = setInterval(...args);
      intervals.add(interval);
      return interval;
    };
    globalThis.setInterval = Object.assign(counted, setInterval) as typeof setInterval;
    this.#watchThreads();
  }

  /**
   * Resolves when all of it has ended, at {@link stop}, or after {@link LIMIT_MS}. Before the end, it tells the listeners of `beforeExit`, as Node does.
   * @returns what is still running, in words; '' if nothing is
   */
  async done(beforeExit: () => void): Promise<string> {
    const stopped = deferred<void>();
    this.#stopped = stopped;
    let isOver = false;
    void stopped.promise.then(() => {
      isOver = true;
    });
    const end = performance.now() + LIMIT_MS;
    // Two successive polls must find nothing, because a callback may have begun something that only the next poll finds.
    for (let idle = 0; !isOver && performance.now() < end; ) {
      // After an interrupt, Node may have lost a timer.
      await Promise.race([delay(POLL_MS, undefined, { ref: false }), stopped.promise]);
      idle = this.#running() === '' ? idle + 1 : 0;
      if (idle < 2) continue;
      beforeExit();
      if (this.#running() === '') return '';
      idle = 0;
    }
    return this.#running();
  }

  /** Ends the wait of {@link done}. */
  stop(): void {
    this.#stopped?.resolve();
  }

  #running(): string {
    const resources = process.getActiveResourcesInfo();
    return [
      inWords(resources.filter((name) => name === 'Timeout').length - this.#refdIntervals(), 'timer', 'timers'),
      inWords(resources.filter((name) => REQUEST.test(name)).length, 'request', 'requests'),
      inWords(resources.includes('ProcessWrap') ? childProcesses() : 0, 'child process', 'child processes'),
      inWords([...this.#threads].filter((thread) => !this.#unreferenced.has(thread)).length, 'thread', 'threads'),
      inWords(resources.includes('TCPSocketWrap') ? openConnections() : 0, 'connection', 'connections'),
    ]
      .flat()
      .join(', ');
  }

  #refdIntervals(): number {
    for (const interval of this.#intervals) {
      if ((interval as unknown as { _destroyed: boolean })._destroyed) this.#intervals.delete(interval);
    }
    return [...this.#intervals].filter((interval) => interval.hasRef()).length;
  }

  #watchThreads(): void {
    process.on('worker', (thread) => {
      if (!isInCell()) return;
      this.#threads.add(thread);
      thread.once('exit', () => this.#threads.delete(thread));
    });
    // Node 20 does not say whether a thread is referenced.
    const unreferenced = this.#unreferenced;
    const { ref, unref } = Worker.prototype;
    Worker.prototype.ref = function (this: Worker) {
      unreferenced.delete(this);
      return Reflect.apply(ref, this, []);
    };
    Worker.prototype.unref = function (this: Worker) {
      unreferenced.add(this);
      return Reflect.apply(unref, this, []);
    };
  }
}

const childProcesses = (): number => activeHandles().filter((handle) => handle instanceof ChildProcess && !isOwn(handle)).length;

/** The connections that code of this process has opened, without those that a server has accepted and those to a cluster. Idle ones that HTTP keeps do not count. */
const openConnections = (): number =>
  activeHandles().filter((handle) => {
    if (!(handle instanceof Socket) || isOwn(handle)) return false;
    const { server = null } = handle as { server?: unknown };
    return server === null && handle.remotePort !== undefined;
  }).length;

const inWords = (count: number, one: string, many: string): string[] =>
  count > 0 ? [`${count} ${count === 1 ? one : many}`] : [];
