import { syncBuiltinESMExports } from 'node:module';
import readline from 'node:readline';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers';
import { allAnswered, askPerson, canAsk } from './questions.js';
import { currentCell, isBeside, type RunningCell } from './running-cell.js';

/** What Jupyter's front ends send when the person ends the input with Ctrl-D. */
const END_OF_INPUT = '\x04';

/**
 * `process.stdin` of a notebook: each line is asked of the person whose cell runs, when something wants to read it. If nobody can be asked, it
 * is at its end.
 */
export class NotebookInput extends Readable {
  #isWanted = false;
  #isLooking = false;
  /** Takes back the question that is open. */
  #asking: AbortController | null = null;
  /** The cell that asks. */
  #asker: RunningCell | undefined;
  /** Interfaces of readline that read it. */
  readonly #readers = new Set<readline.Interface>();
  readonly #waiting = new Set<() => void>();

  constructor() {
    // No line is read ahead: it would be asked for.
    super({ highWaterMark: 1 });
    const look = (): void => this.#look();
    for (const event of ['newListener', 'removeListener', 'pause', 'resume']) this.on(event, look);
  }

  /** Nobody is asked for this cell, and nobody is to be asked. */
  async idle(cell: RunningCell | undefined): Promise<void> {
    const isAsking = (): boolean => this.#asking !== null && !isBeside(this.#asker, cell);
    while (!this.destroyed && (this.#isLooking || isAsking())) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** An interface of readline reads it from now on; what it wants shows by its listeners. */
  addInterface(reader: readline.Interface): void {
    this.#readers.add(reader);
    reader.once('close', () => this.#readers.delete(reader));
    const look = (): void => this.#look();
    for (const event of ['newListener', 'removeListener']) reader.on(event, look);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#look();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest();
    renew();
    done(error);
  }

  /** Whether anything would take a line: an interface of readline reads as soon as it is there, though nobody may listen to it. */
  #hasTaker(): boolean {
    if (this.destroyed || !this.#isWanted) return false;
    if (this.listenerCount('readable') > 0) return true;
    if (this.isPaused()) return false;
    const idle = [...this.#readers].filter((reader) => reader.listenerCount('line') === 0);
    return this.listenerCount('data') > idle.length;
  }

  /** Looks once the code that runs has said all that it wants. */
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      if (!this.#hasTaker()) this.#rest();
      else if (this.#asking === null) void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    this.#asker = currentCell();
    const line = await nextLine(asking.signal).catch(() => undefined);
    if (this.#asking !== asking) return;
    this.#asking = null;
    if (line === undefined) return this.#forgetTakers();
    this.#isWanted = false;
    this.push(line === null ? null : `${line}\n`);
    this.#look();
  }

  /** After an interrupt: what waited for the next line waits for good, as its cell does, and whoever comes next finds the input as it was. */
  #forgetTakers(): void {
    for (const event of ['data', 'readable', 'end', 'close', 'error']) this.removeAllListeners(event);
    for (const reader of this.#readers) reader.removeAllListeners();
    this.#readers.clear();
    // Else a listener would not have it flow again.
    (this as { readableFlowing: boolean | null }).readableFlowing = null;
    this.#rest();
  }

  #rest(): void {
    const asking = this.#asking;
    this.#asking = null;
    asking?.abort();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** One line of the person; `null` at the end of the input. @throws KeyboardInterrupt */
async function nextLine(signal?: AbortSignal): Promise<string | null> {
  const answer = canAsk() ? await askPerson('', { signal }) : END_OF_INPUT;
  return answer === END_OF_INPUT ? null : answer;
}

let input = new NotebookInput();
let installed = false;

/** The next cell reads on, also by a name that it has imported from `node:process`. */
function renew(): void {
  input = new NotebookInput();
  syncBuiltinESMExports();
}

/**
 * Puts a {@link NotebookInput} into `process.stdin`, for code of cells.
 * @param isOwn whether the process is the notebook's alone: code outside of any cell sees it, too
 */
export function installNotebookInput(isOwn: boolean): void {
  if (installed) return;
  installed = true;
  const own = Object.getOwnPropertyDescriptor(process, 'stdin');
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    enumerable: true,
    get: () => (isOwn || currentCell() !== undefined ? input : own?.get?.call(process)),
  });
  if (isOwn) renew();
  followReaders();
}

/** Resolves when the cell asks for no more input: front ends take no answer to a cell that has ended. */
export async function inputIdle(): Promise<void> {
  const cell = currentCell();
  await allAnswered(cell);
  await input.idle(cell);
}

/** Has every interface of readline that reads a {@link NotebookInput} be known to that, and iterate over lines one by one. */
function followReaders(): void {
  const prototype = Object.getPrototypeOf(readline.Interface.prototype) as readline.Interface & { input?: unknown };
  const own = { setPrompt: prototype.setPrompt, iterate: prototype[Symbol.asyncIterator] };
  const known = new WeakSet<readline.Interface>();
  // The constructor calls it.
  prototype.setPrompt = function (this: readline.Interface & { input?: unknown }, prompt) {
    if (this.input instanceof NotebookInput && !known.has(this)) {
      known.add(this);
      this.input.addInterface(this);
    }
    return own.setPrompt.call(this, prompt);
  };
  prototype[Symbol.asyncIterator] = function (this: readline.Interface & { input?: unknown }) {
    return this.input instanceof NotebookInput ? lines(this) : own.iterate.call(this);
  };
}

/** Asks for a line when the loop wants one: by itself, readline would ask for the next line while the loop still works on the last one. */
async function* lines(reader: readline.Interface): AsyncGenerator<string, undefined> {
  try {
    for (;;) {
      const line = await nextLine();
      if (line === null) return undefined;
      yield line;
    }
  } finally {
    reader.close();
  }
}
