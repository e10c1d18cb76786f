/** A pipe in which children and native code print. */
interface Pipe {
  pause(): void;
  resume(): void;
  /** While it is paused: reads a little. */
  sip(): void;
  /** Whether a write fails while the pipe is full. Otherwise, it waits. */
  isNonBlocking(): boolean;
}

/** How much of what came through the pipes may wait for the clients, in UTF-16 units. */
const MAX_UNSENT = 4 * 1024 * 1024;
/**
 * The same if nobody can be let wait: while somebody waits for the main thread, which may just print much, and for a pipe that is non-blocking, as a child makes
 * it that is a Node process. If it were full, other children would fail (EAGAIN), and such a child would lose what it prints before `process.exit()`. Above
 * this, they do nevertheless. As JSON, a character may have six times its length, and the heap of the thread must have room for all.
 */
const FAR_UNSENT = 64 * 1024 * 1024;
/** How often a paused pipe is looked at. */
const LOOK_MS = 20;
/**
 * At every which look a little is read, because the main thread writes its marks into the same pipes: each of its prints waits while they are full, and it does
 * not handle a signal then.
 */
const LOOKS_PER_SIP = 10;

/**
 * Lets children and native code wait if they print faster than the clients read: the pipes are not read further then. The heap of the control thread is small,
 * and if it were full, the kernel would end. Nothing is lost in a pipe that is blocking.
 */
export class PipeBrake {
  readonly #pipes: readonly Pipe[];
  readonly #paused = new Set<Pipe>();
  #unsent = 0;
  #isHasty = false;
  #looks = 0;
  /** Is set while a pipe is paused. */
  #timer: NodeJS.Timeout | undefined;

  constructor(pipes: readonly Pipe[]) {
    this.#pipes = pipes;
  }

  /** A text came through the pipes. */
  came(units: number): void {
    this.#unsent += units;
    if (this.#unsent >= MAX_UNSENT) this.#settle();
  }

  /** A text that came has been sent. */
  sent(units: number): void {
    this.#unsent -= units;
    if (this.#paused.size > 0) this.#settle();
  }

  /** Whether somebody waits for the main thread: it answers no interrupt, and cannot end, while it writes into a full pipe. */
  hurry(isHasty: boolean): void {
    this.#isHasty = isHasty;
    if (this.#paused.size > 0 || this.#unsent >= MAX_UNSENT) this.#settle();
  }

  #settle(): void {
    for (const pipe of this.#pipes) {
      const isOver = this.#isOver(pipe);
      if (isOver === this.#paused.has(pipe)) continue;
      if (isOver) {
        this.#paused.add(pipe);
        pipe.pause();
      } else {
        this.#paused.delete(pipe);
        pipe.resume();
      }
    }
    if (this.#paused.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #isOver(pipe: Pipe): boolean {
    if (this.#unsent < MAX_UNSENT) return false;
    return this.#unsent >= FAR_UNSENT || !(this.#isHasty || pipe.isNonBlocking());
  }

  #look(): void {
    this.#settle();
    this.#looks += 1;
    if (!this.#isHasty && this.#looks % LOOKS_PER_SIP !== 0) return;
    for (const pipe of [...this.#paused]) pipe.sip();
  }
}
