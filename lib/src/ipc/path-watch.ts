import { createConnection, type Socket } from 'node:net';

const TICK_MS = 1000;
/** The other machine is asked when an answer is expected and nothing has come for so long. */
const QUIET_TICKS = 4;
/** If it has not answered for so long, the connection is ended. Together it is as long as the head waits for a silent node. */
const LOST_TICKS = 8;
/** A machine that has answered is not asked again before this time, because what it runs may take long. */
const REST_TICKS = 10;
const KEEP_ALIVE_MS = 2000;
/** With these the other machine says that nobody listens there any more, so the network works. */
const ANSWERS: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET'];
/** With these this machine could not ask at all, which says nothing about the network. */
const NOT_ASKED: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'];

/**
 * Ends a connection to another machine if the network between them is cut. The system alone would send the unacknowledged bytes again for a quarter of an hour,
 * and its keep-alive does not ask as long as there are such. So a second connection is opened, which carries nothing. The system of the other machine answers
 * it, so a process there that is blocked or stopped does not count as lost.
 */
export class PathWatch {
  readonly #socket: Socket;
  readonly #isAwaited: () => boolean;
  readonly #onCut: () => void;
  readonly #timer: NodeJS.Timeout;
  #quiet = 0;
  #lost = 0;
  #rest = 0;
  #probe: Socket | undefined;
  #isReached = false;

  /** @param isAwaited whether an answer is expected */
  constructor(socket: Socket, isAwaited: () => boolean, onCut: () => void) {
    this.#socket = socket;
    this.#isAwaited = isAwaited;
    this.#onCut = onCut;
    // The turns of a timer are counted, because after a pause of this process they are few, and time is not.
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    socket.on('data', () => {
      this.#quiet = 0;
    });
    socket.once('close', () => {
      clearInterval(this.#timer);
      this.#probe?.destroy();
    });
  }

  #tick(): void {
    this.#quiet = this.#isAwaited() ? this.#quiet + 1 : 0;
    this.#rest -= 1;
    if (this.#quiet < QUIET_TICKS) {
      this.#lost = 0;
      this.#rest = 0;
      this.#probe?.destroy();
      return;
    }
    if (this.#isReached || this.#rest > 0) return;
    this.#lost += 1;
    if (this.#lost > LOST_TICKS) this.#onCut();
    else if (this.#probe === undefined) this.#ask();
  }

  #ask(): void {
    const { remoteAddress: host, remotePort: port } = this.#socket;
    if (host === undefined || port === undefined) return;
    const probe = createConnection({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#probe = probe;
    probe.unref();
    // Its end is seen only if it is read.
    probe.resume();
    const reached = (is: boolean): void => {
      this.#isReached = is;
      if (!is) return;
      this.#lost = 0;
      this.#rest = REST_TICKS;
    };
    probe.on('connect', () => reached(true));
    probe.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (ANSWERS.includes(code)) reached(true);
      else if (NOT_ASKED.includes(code)) this.#lost = 0;
      else if (this.#isReached) this.#onCut();
    });
    probe.on('close', () => {
      reached(false);
      this.#probe = undefined;
    });
  }
}
