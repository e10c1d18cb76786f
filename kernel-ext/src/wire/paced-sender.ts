import { type Deferred, deferred, Fifo } from 'nbserve/basics';
import type { Frame } from './encoder.js';
import { logToStderr } from './refusals.js';

/** The members of a zeromq.js XPublisher that are needed. It must have been made with `noDrop`. */
interface Sink {
  readonly closed: boolean;
  /** True: a send fails with EAGAIN if the queue of a subscriber is full. False: that subscriber does not get the message. */
  noDrop: boolean;
  send(frames: Frame[]): Promise<void>;
  close(): void;
}

/** How long all wait for a subscriber that does not read. */
const PATIENCE_MS = 10_000;
/**
 * After such a wait, and for this time, nobody waits for long: a stranger could connect again and again without reading. ZeroMQ leaves a subscriber that has
 * lost a message out until it reads again, so it is waited for once. One that reads needs some time too: it makes room only when it has read half of its queue.
 */
const IMPATIENT_MS = 60_000;
/** By what the wait is divided then. */
const IMPATIENCE = 5;
const RETRY_MS = 5;

/**
 * Sends messages to subscribers, in order. If a subscriber reads slowly, its queue becomes full, and all wait for it, so that nobody loses a message. If it
 * reads nothing for a time, because its process was stopped, it alone loses messages: the kernel's memory must not grow until it goes on.
 */
export class PacedSender {
  readonly #sink: Sink;
  readonly #patienceMs: number;
  readonly #now: () => number;
  readonly #queue = new Fifo<Frame[] | (() => void)>();
  #isSending = false;
  /** Until when nobody waits for long. */
  #impatientUntil = 0;
  #isClosing = false;
  #drained: Deferred<void> | undefined;

  /** @param now the time in ms */
  constructor(sink: Sink, patienceMs = PATIENCE_MS, now = () => performance.now()) {
    this.#sink = sink;
    this.#patienceMs = patienceMs;
    this.#now = now;
  }

  send(frames: Frame[]): void {
    this.#queue.push(frames);
    if (!this.#isSending) void this.#run();
  }

  /** Calls `work` when ZeroMQ has everything that was sent until now. */
  whenSent(work: () => void): void {
    if (this.#isSending) this.#queue.push(work);
    else work();
  }

  /** Closes the socket when all messages were passed to ZeroMQ. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#isSending) {
      this.#drained = deferred();
      await this.#drained.promise;
    }
    this.#sink.close();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#queue.first; next !== undefined && !this.#sink.closed; next = this.#queue.first) {
      if (typeof next === 'function') next();
      else
        await this.#sendOne(next).catch((error: unknown) => {
          if (!this.#sink.closed) logToStderr(`a message could not be sent: ${String(error)}`);
        });
      this.#queue.shift();
    }
    this.#isSending = false;
    this.#drained?.resolve();
  }

  async #sendOne(frames: Frame[]): Promise<void> {
    const begun = this.#now();
    const patienceMs = begun < this.#impatientUntil ? this.#patienceMs / IMPATIENCE : this.#patienceMs;
    while (!(await this.#arrives(frames))) {
      if (!this.#isClosing && this.#now() - begun < patienceMs) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      this.#impatientUntil = this.#now() + IMPATIENT_MS;
      if (!this.#isClosing) logToStderr('a client has read nothing for a while; it loses messages until it reads again');
      this.#setNoDrop(false);
      await this.#sink.send(frames).finally(() => this.#setNoDrop(true));
      return;
    }
  }

  /** zeromq.js warns that the option has no effect on a bound socket, which is not true of this one. The warning would be shown below the running cell. */
  #setNoDrop(noDrop: boolean): void {
    const { emitWarning } = process;
    process.emitWarning = () => {};
    this.#sink.noDrop = noDrop;
    process.emitWarning = emitWarning;
  }

  /** @returns false if the queue of a subscriber is full */
  async #arrives(frames: Frame[]): Promise<boolean> {
    try {
      await this.#sink.send(frames);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return false;
    }
  }
}
