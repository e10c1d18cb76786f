/** The pipes in which children and native code print. */
interface Pipes {
  pause(): void;
  resume(): void;
  /** While they are paused: reads a little. */
  sip(): void;
}

/** How much of what came through the pipes may wait for the clients, in UTF-16 units. */
const MAX_UNSENT = 4 * 1024 * 1024;
/**
 * If nothing could be sent for so long, a little is read: the main thread writes its marks into the same pipes, and the mark waits while the pipe is full. Then
 * the thread goes on as it does when its own output waits.
 */
const SIP_MS = 10_000;
/** The same while somebody waits for the main thread: it answers no interrupt, and cannot end, while it writes a mark. */
const HASTY_SIP_MS = 20;

/**
 * Lets children and native code wait if they print faster than the clients read: the pipes are not read further then. The heap of the control thread is small,
 * and if it were full, the kernel would end. Nothing is lost.
 */
export class PipeBrake {
  readonly #pipes: Pipes;
  #unsent = 0;
  #isHasty = false;
  /** Is set while the pipes are paused. */
  #sips: NodeJS.Timeout | undefined;

  constructor(pipes: Pipes) {
    this.#pipes = pipes;
  }

  /** A text came through the pipes. */
  came(units: number): void {
    this.#unsent += units;
    if (this.#unsent < MAX_UNSENT || this.#sips !== undefined) return;
    this.#pipes.pause();
    this.#sipFromNow();
  }

  /** A text that came has been sent. */
  sent(units: number): void {
    this.#unsent -= units;
    if (this.#unsent >= MAX_UNSENT || this.#sips === undefined) return;
    clearInterval(this.#sips);
    this.#sips = undefined;
    this.#pipes.resume();
  }

  /** Whether somebody waits for the main thread. */
  hurry(isHasty: boolean): void {
    this.#isHasty = isHasty;
    if (this.#sips !== undefined) this.#sipFromNow();
  }

  #sipFromNow(): void {
    clearInterval(this.#sips);
    this.#sips = setInterval(() => this.#pipes.sip(), this.#isHasty ? HASTY_SIP_MS : SIP_MS);
    this.#sips.unref();
  }
}
