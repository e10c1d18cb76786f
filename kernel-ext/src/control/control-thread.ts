import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MarkWriter } from '../descriptors/index.js';
import { CannotBind } from '../wire/index.js';
import { guarded } from './guard.js';
import {
  type Asker,
  CHECKER,
  type ControlInit,
  type FromControl,
  GUARD,
  INTERRUPTS,
  type Printed,
  SHARED_INTS,
  type ShellRequest,
  type ToControl,
  UNSENT,
} from './messages.js';
import { afterArrivals } from './turns.js';
import { installUnwind } from './unwind.js';

/** Output that may wait for the thread, in UTF-16 units. */
const MAX_UNSENT = 4 * 1024 * 1024;
const SLICE_MS = 20;
const PATIENCE_MS = 10_000;

export interface ControlEvents {
  /** A message came on the shell channel. */
  onRequest(request: ShellRequest): void;
  /** @param value undefined where the question was taken back */
  onAnswer(question: number, value: string | undefined): void;
  /** Code is about to be terminated. */
  onTermination(): void;
  /**
   * An interrupt was asked for. Comes more than once while it is dealt with.
   * @param terminated synchronous code ran and was terminated
   */
  onInterrupt(terminated: boolean): void;
  /** The kernel is to end: asked for on the control channel, or its parent is gone. */
  onShutdown(restart: boolean): void;
}

/** Main thread's end of the control thread. */
export class ControlThread {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #marks: MarkWriter;
  #closed = false;
  /** Called when an interrupt was dealt with. */
  readonly #settled: () => void;
  /** Code was terminated for the interrupt that is to be dealt with. */
  #terminated = false;
  /** How many interrupts the main thread has been told of. */
  #told = 0;

  private constructor(worker: Worker, shared: Int32Array, marks: MarkWriter, events: ControlEvents) {
    this.#worker = worker;
    this.#shared = shared;
    this.#marks = marks;
    this.#settled = installUnwind(shared, () => {
      this.#terminated = true;
      events.onTermination();
    });
  }

  /**
   * Starts the thread and binds its sockets.
   * @throws NBS_KERNEL_BIND if a port or socket file is taken
   */
  static async start(init: Omit<ControlInit, 'shared'>, events: ControlEvents): Promise<ControlThread> {
    const buffer = new SharedArrayBuffer(SHARED_INTS * Int32Array.BYTES_PER_ELEMENT);
    const shared = new Int32Array(buffer);
    const workerData: ControlInit = { ...init, shared: buffer };
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData, name: 'nbserve-control' });
    const { secret, readFds } = init.descriptors;
    const marks = readFds.length === 0 ? new MarkWriter(secret, []) : new MarkWriter(secret);
    const thread = new ControlThread(worker, shared, marks, events);
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: FromControl) => {
        if (message.kind === 'bound') resolve();
        else if (message.kind === 'failed') void once(worker, 'exit').then(() => reject(CannotBind({ why: message.message })));
        // Half a message would be lost.
        else thread.guarded(() => thread.#onMessage(message, events));
      });
    });
    return thread;
  }

  /** Prints, in order with everything published. @param parent header of the cell's request, JSON */
  stream(name: 'stdout' | 'stderr', text: string, parent: string): void {
    this.#makeRoom(text.length);
    this.#print({ kind: 'stream', name, text, parent });
  }

  /** Sends a message to all clients. @param parent header of the message that caused it, JSON; '' where none did */
  publish(type: string, content: unknown, parent: string): void {
    const json = JSON.stringify(content);
    this.#makeRoom(json.length);
    this.#print({ kind: 'publish', type, content: json, parent });
  }

  /** A cell begins: what its children and native code print is its own. @param parent header of its request, JSON */
  cell(parent: string): void {
    this.#post({ kind: 'begin', parent, at: Date.now() });
    this.#print({ kind: 'cell', parent });
  }

  /** Answers a request of the shell channel. */
  reply(asker: Asker, type: string, content: unknown): void {
    const { identities, headerJson } = asker;
    this.#post({ kind: 'reply', asker: { identities, headerJson }, type, content: JSON.stringify(content) });
  }

  /** Asks the person; the answer comes as {@link ControlEvents.onAnswer} under the question's number. */
  ask(question: number, asker: Asker, prompt: string, password: boolean): void {
    const { identities, headerJson } = asker;
    this.#post({ kind: 'ask', question, asker: { identities, headerJson }, prompt, password });
  }

  /** Takes back every open question. */
  unask(question?: number): void {
    this.#post({ kind: 'unask', ...(question !== undefined && { question }) });
  }

  /** This process has a child more. @param byRunning the cell that runs has started it */
  spawned(pid: number, byRunning: boolean): void {
    this.#post({ kind: 'spawned', pid, byRunning });
  }

  /** The main thread waits for an answer of the type checker, a process; 0: it has come. */
  checking(pid: number): void {
    Atomics.store(this.#shared, CHECKER, pid);
  }

  /** Interrupts, as if it had been asked for on the control channel. */
  interrupt(): void {
    this.#post({ kind: 'signalled' });
  }

  /** How many interrupts were asked for by now, whether the main thread has been told or not. */
  get interrupts(): number {
    return Atomics.load(this.#shared, INTERRUPTS);
  }

  /** Whether an interrupt was asked for that the main thread has not been told of. */
  get interruptPending(): boolean {
    return this.interrupts !== this.#told;
  }

  /** Runs `work` where an interrupt must wait: a termination inside would leave half-done state behind. */
  guarded<T>(work: () => T): T {
    return guarded(this.#shared, work);
  }

  /** As {@link guarded}, until the promise settles. */
  async guardedAsync<T>(work: () => Promise<T>): Promise<T> {
    Atomics.add(this.#shared, GUARD, 1);
    try {
      return await work();
    } finally {
      Atomics.sub(this.#shared, GUARD, 1);
    }
  }

  /** From now on the process ends, if need be from the thread and with force. */
  ending(): void {
    this.#post({ kind: 'ending' });
  }

  /** Sends what is left and closes the thread's sockets. Ending the process while they are open aborts it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const exited = once(this.#worker, 'exit');
    this.#post({ kind: 'close' });
    this.#closed = true;
    await exited;
  }

  /** A cell that prints without end is held back here: the thread's heap is small, and its end would be the kernel's. */
  #makeRoom(units: number): void {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const unsent = Atomics.load(this.#shared, UNSENT);
      if (unsent < MAX_UNSENT || performance.now() > end) break;
      // In slices, so that an interrupt gets a word in.
      Atomics.wait(this.#shared, UNSENT, unsent, SLICE_MS);
    }
    Atomics.add(this.#shared, UNSENT, units);
  }

  #print(printed: Printed): void {
    if (!this.#closed) this.#post({ ...printed, mark: this.#marks.mark() });
  }

  #post(message: ToControl): void {
    if (!this.#closed) this.#worker.postMessage(message);
  }

  #onMessage(message: FromControl, events: ControlEvents): void {
    switch (message.kind) {
      case 'ping':
        // What ran by now was terminated after the interrupt had been told.
        if (this.#terminated) events.onInterrupt(true);
        // An interrupt that came before is dealt with after what has arrived, and the answer means that it was.
        afterArrivals(() => {
          this.#terminated = false;
          this.#settled();
          this.#post({ kind: 'pong', id: message.id });
        });
        break;
      case 'request':
        events.onRequest(message.request);
        break;
      case 'answer':
        events.onAnswer(message.question, message.value);
        break;
      case 'interrupted':
        this.#told += 1;
        events.onInterrupt(this.#terminated);
        break;
      case 'shutdown':
        events.onShutdown(message.restart);
        break;
      case 'bound':
      case 'failed':
        break;
    }
  }
}
