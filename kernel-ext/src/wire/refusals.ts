import { writeSync } from 'node:fs';
import type { ChannelName } from './connection.js';
import type { MessageRefusal } from './decoder.js';

let logDescriptor = 2;

/** From now on this thread writes its own log to this descriptor, because descriptor 2 may belong to the cells. */
export function logTo(descriptor: number): void {
  logDescriptor = descriptor;
}

/** Writes to the process's own stderr and never to iopub, because a client without the key can read iopub. */
export function logToStderr(line: string): void {
  try {
    writeSync(logDescriptor, `[nbserve kernel] ${line}\n`);
  } catch {
    // A closed or full stderr must not end the kernel.
  }
}

/** Counts refused messages and reports some on stderr: the first of each kind, the first ten, then at each power of two. */
export class Refusals {
  readonly #channel: ChannelName;
  readonly #log: (line: string) => void;
  readonly #kinds = new Set<MessageRefusal>();
  #count = 0;

  constructor(channel: ChannelName, log: (line: string) => void = logToStderr) {
    this.#channel = channel;
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  add(refusal: MessageRefusal): void {
    this.#count += 1;
    const power = (this.#count & (this.#count - 1)) === 0;
    const known = this.#kinds.has(refusal);
    this.#kinds.add(refusal);
    if (!known || this.#count <= 10 || power) this.#log(`${this.#channel}: message refused (${refusal}); ${this.#count} so far`);
  }
}
