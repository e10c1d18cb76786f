import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ReplicaDoor } from '../debugger/index.js';
import { type Capture, type Captured, Captures, type CaptureTaker, type Mark, MarkWriter } from '../descriptors/index.js';
import { CannotBind, type Connection } from '../wire/index.js';
import type { ControlEvents } from './control-events.js';
import { installEvaluation } from './evaluation.js';
import { guarded } from './guarded.js';
import { endWithout, watchThread } from './lost-thread.js';
import {
  type Asker,
  CHECKER,
  type ControlInit,
  DEBUGGED,
  type FromControl,
  GUARD,
  INTERRUPTS,
  type Printed,
  type PublishedExtras,
  SHARED_INTS,
  type ShellRequest,
  sizeOf,
  TOLD,
  type ToControl,
  type ToDebug,
} from './messages.js';
import { makeRoom } from './output-room.js';
import { afterArrivals } from './turns.js';
import { installUnwind } from './unwind.js';

/** The control thread, for the main thread. */
export class ControlThread {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #marks: MarkWriter;
  /** Whether the thread reads the descriptors 1 and 2. */
  readonly #isRead: boolean;
  readonly #captures = new Captures<string>();
  #closed = false;
  #ports: Connection['ports'];
  /** Is called when an interrupt is done. */
  readonly #settled: () => void;
  /** True if code was terminated for the current interrupt. */
  #terminated = false;
  /** How often code was terminated. */
  #terminations = 0;
  /** How many of them were done when the main thread last said so. */
  #done = 0;
  /**
   * Cells that came between a termination and the end of its interrupt, or that the interrupt does not mean. They wait for that end, because another
   * termination would hit them. Questions about code do not wait, because the interrupt means them too.
   */
  #held: ShellRequest[] = [];
  /** What {@link together} has collected, and the mark of all of it. */
  #collected: { readonly messages: ToControl[]; mark?: Mark } | undefined;
  /** Who waits for breakpoints. */
  readonly #preparing = new Map<number, () => void>();
  #questions = 0;

  private constructor(
    worker: Worker,
    shared: Int32Array,
    { connection, descriptors: { secret, readFds } }: Pick<ControlInit, 'connection' | 'descriptors'>,
    events: ControlEvents,
  ) {
    this.#ports = connection.ports;
    this.#worker = worker;
    this.#shared = shared;
    this.#isRead = readFds.length > 0;
    this.#marks = this.#isRead ? new MarkWriter(secret) : new MarkWriter(secret, []);
    installEvaluation(shared);
    this.#settled = installUnwind(shared, {
      isDone: () => this.#done === this.interrupts,
      onTermination: () => {
        this.#terminated = true;
        this.#terminations += 1;
        events.onTermination();
      },
    });
  }

  /**
   * Starts the thread and binds its sockets.
   * @param beside work for this thread while the other one starts; an interrupt waits for its end
   * @throws NBS_KERNEL_BIND if a port or socket file is taken
   */
  static async start(
    init: Omit<ControlInit, 'shared'>,
    events: ControlEvents,
    beside: () => Promise<void> = async () => {},
  ): Promise<ControlThread> {
    const buffer = new SharedArrayBuffer(SHARED_INTS * Int32Array.BYTES_PER_ELEMENT);
    const shared = new Int32Array(buffer);
    // An interrupt could come as soon as the sockets are bound, before this thread knows that they are.
    Atomics.add(shared, GUARD, 1);
    const workerData: ControlInit = { ...init, shared: buffer };
    const worker = new Worker(new URL('./control-thread-main.js', import.meta.url), { workerData, name: 'nbserve-control' });
    const thread = new ControlThread(worker, shared, init, events);
    void beside().finally(() => Atomics.sub(shared, GUARD, 1));
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: FromControl) => {
        if (message.kind === 'bound') {
          thread.#ports = message.ports;
          const lost = (why: string): void => endWithout(init.connection, why);
          watchThread(worker, () => thread.#closed, lost);
          resolve();
        } else if (message.kind === 'failed') void once(worker, 'exit').then(() => reject(CannotBind({ why: message.message })));
        // Otherwise a message could be sent half.
        else thread.guarded(() => thread.#onMessage(message, events));
      });
    });
    return thread;
  }

  /** The ports of the sockets. */
  get ports(): Connection['ports'] {
    return this.#ports;
  }

  /** Prints a text, in order with everything that is published. @param parent header of the cell's request, as JSON */
  stream(name: 'stdout' | 'stderr', text: string, parent: string): void {
    makeRoom(this.#shared, text.length, () => this.#sendCollected());
    this.#print({ kind: 'stream', name, text, parent });
  }

  /** Sends a message to all clients. @param parent header of the message that caused it, as JSON; '' if there is none */
  publish(type: string, content: unknown, parent: string, { metadata, buffers = [] }: PublishedExtras = {}): void {
    const json = JSON.stringify(content);
    const extras = metadata ? JSON.stringify(metadata) : '';
    makeRoom(this.#shared, json.length + sizeOf(buffers), () => this.#sendCollected());
    this.#print({ kind: 'publish', type, content: json, parent, metadata: extras, buffers });
  }

  /**
   * Sends everything that `work` sends as one message, with one mark. Each message would wake the thread, which costs more than to handle it.
   * @param work runs no user code, which could print between two messages or block
   */
  together(work: () => void): void {
    this.#collected = { messages: [] };
    try {
      work();
    } finally {
      this.#sendCollected();
      this.#collected = undefined;
    }
  }

  /** A cell begins. From now on, output of children and of native code belongs to it. @param parent header of its request, as JSON */
  cell(parent: string): void {
    this.#post({ kind: 'begin', parent, at: Date.now() });
    this.#print({ kind: 'cell', parent });
  }

  /** From now on, output of children and of native code belongs to this cell, which still runs. @param parent header of its request, as JSON */
  outputTo(parent: string): void {
    this.#print({ kind: 'cell', parent });
  }

  /** Captures what a cell prints, and what comes through the descriptors. @returns undefined if nobody reads them */
  capture(taker: CaptureTaker, parent: string): Capture | undefined {
    if (!this.#isRead || this.#closed) return undefined;
    const tell = (captured: Captured): void => {
      if ('text' in captured) makeRoom(this.#shared, captured.text.length, () => this.#sendCollected());
      this.#print({ kind: 'capture', parent, ...captured });
    };
    return this.#captures.begin(parent, tell, taker);
  }

  /** Answers a request of the shell channel. */
  reply(asker: Asker, type: string, content: unknown): void {
    const { identities, headerJson } = asker;
    this.#captures.end(headerJson);
    this.#post({ kind: 'reply', asker: { identities, headerJson }, type, content: JSON.stringify(content) });
  }

  /** Asks the user. {@link ControlEvents.onAnswer} gets the answer with the question's number. */
  ask(question: number, asker: Asker, prompt: string, password: boolean): void {
    const { identities, headerJson } = asker;
    this.#post({ kind: 'ask', question, asker: { identities, headerJson }, prompt, password });
  }

  /** Takes back every open question. */
  unask(question?: number): void {
    this.#post({ kind: 'unask', ...(question !== undefined && { question }) });
  }

  /** This process has a new child. @param cell header of the running cell that started it, as JSON; '' if none did */
  spawned(pid: number, cell: string): void {
    this.#post({ kind: 'spawned', pid, cell });
  }

  /** The main thread waits for an answer of the type checker's process; 0 means that the answer has come. */
  checking(pid: number): void {
    Atomics.store(this.#shared, CHECKER, pid);
  }

  /** A cell was compiled. @returns a promise only while a debugger is attached: it resolves when the cell's breakpoints are set */
  compiled(cell: string): Promise<void> | undefined {
    if (this.#closed || this.debugger === 0) return undefined;
    return this.#prepare({ cell });
  }

  /** Which debugger is attached, counted from 1; 0 if there is none. */
  get debugger(): number {
    return Atomics.load(this.#shared, DEBUGGED);
  }

  /** Attaches the debugger to replicas that wait for one. Resolves when they have the breakpoints. */
  async joinReplicas(replicas: readonly ReplicaDoor[]): Promise<void> {
    if (!this.#closed) await this.#prepare({ replicas });
  }

  /** Interrupts the cell, like a request on the control channel. */
  interrupt(): void {
    this.#post({ kind: 'signalled' });
  }

  /** How many interrupts were requested until now, whether they were reported to the main thread or not. */
  get interrupts(): number {
    return Atomics.load(this.#shared, INTERRUPTS);
  }

  /** True if an interrupt was requested that has not been reported to the main thread. */
  get interruptPending(): boolean {
    return this.interrupts !== Atomics.load(this.#shared, TOLD);
  }

  /** Runs `work`. An interrupt waits until it has ended, because a termination would leave its state half-done. */
  guarded<T>(work: () => T): T {
    return guarded(this.#shared, work);
  }

  /** Like {@link guarded}, until the promise settles. */
  async guardedAsync<T>(work: () => Promise<T>): Promise<T> {
    Atomics.add(this.#shared, GUARD, 1);
    try {
      return await work();
    } finally {
      Atomics.sub(this.#shared, GUARD, 1);
    }
  }

  /** The process is ending. If it does not end in time, the thread kills it. */
  ending(): void {
    this.#post({ kind: 'ending' });
  }

  /** Sends the remaining messages and closes the thread's sockets. If the process ended while they are open, it would abort. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const exited = once(this.#worker, 'exit');
    this.#post({ kind: 'close' });
    this.#closed = true;
    await exited;
  }

  #prepare(about: ToDebug): Promise<void> {
    const question = ++this.#questions;
    this.#post({ kind: 'prepare', question, ...about });
    return new Promise((resolve) => this.#preparing.set(question, resolve));
  }

  #print(printed: Printed): void {
    if (this.#closed) return;
    const collected = this.#collected;
    const mark = collected?.mark ?? this.#marks.mark();
    if (collected !== undefined) collected.mark = mark;
    this.#post({ ...printed, mark });
  }

  #post(message: ToControl): void {
    if (this.#closed) return;
    if (this.#collected === undefined) this.#worker.postMessage(message);
    else this.#collected.messages.push(message);
  }

  #sendCollected(): void {
    const messages = this.#collected?.messages.splice(0) ?? [];
    if (messages.length > 0) this.#worker.postMessage({ kind: 'together', messages } satisfies ToControl);
  }

  #onMessage(message: FromControl, events: ControlEvents): void {
    switch (message.kind) {
      case 'ping': {
        const reported = this.#terminations;
        // The code was terminated after the interrupt had been reported.
        if (this.#terminated) events.onInterrupt(true);
        // Messages that have arrived are handled first, an interrupt among them, so that the answer means that the interrupt is done.
        afterArrivals(() => this.guarded(() => this.#answerPing(message.id, reported, events)));
        break;
      }
      case 'request': {
        const isHeld = this.#terminated || (message.isLater && this.#done !== this.interrupts);
        if (isHeld && message.request.header.msg_type === 'execute_request') this.#held.push(message.request);
        else events.onRequest(message.request);
        break;
      }
      case 'answer':
        events.onAnswer(message.question, message.value);
        break;
      case 'interrupted':
        Atomics.add(this.#shared, TOLD, 1);
        events.onInterrupt(this.#terminated);
        break;
      case 'shutdown':
        events.onShutdown(message.restart);
        break;
      case 'prepared':
        this.#preparing.get(message.question)?.();
        this.#preparing.delete(message.question);
        break;
      case 'debugged':
        events.onDebugger();
        break;
      case 'deleted':
        events.onDeleted(message.subshell, this.#takeHeld(message.subshell));
        break;
      case 'captured':
        this.#captures.got(message);
        break;
      case 'bound':
      case 'failed':
        break;
    }
  }

  /** The cells of a subshell that wait for the end of an interrupt wait no more. */
  #takeHeld(subshell: string): readonly ShellRequest[] {
    const isOf = ({ header }: ShellRequest): boolean => header.subshell_id === subshell;
    const taken = this.#held.filter(isOf);
    this.#held = this.#held.filter((request) => !isOf(request));
    return taken;
  }

  /** @param reported how often code had been terminated when that was last reported */
  #answerPing(id: number, reported: number, events: ControlEvents): void {
    // Code that ran since then was terminated too.
    if (this.#terminations !== reported) events.onInterrupt(true);
    this.#terminated = false;
    this.#done = Atomics.load(this.#shared, TOLD);
    this.#settled();
    this.#post({ kind: 'pong', id });
    for (const request of this.#held.splice(0)) events.onRequest(request);
  }
}
