import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processTable } from '../children/index.js';
import { CaptureReader, makePipes, newSecret, OutputOrder, PipeReaders, type StreamName } from '../descriptors/index.js';
import { NODE_FLAGS } from '../guard/index.js';
import { JsonLines } from './lines.js';
import { EVENTS_FD, type NumberedEvent, ORDERS_FD, type Order, type RunnerEvent, type RunnerStart } from './protocol.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/** How long the processes of the cells have between SIGTERM and SIGKILL. */
const GROUP_END_MS = 500;
const POLL_MS = 10;

export interface RunnerEvents {
  onEvent(event: RunnerEvent): void;
  /** Is called with a text that came through the descriptors 1 and 2, from children or native code. */
  onText(name: StreamName, text: string): void;
}

/** How the process ended. */
export interface RunnerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The process that executes the cells, for its parent. It leads a process group, to which the processes of the cells belong. */
export class RunnerProcess {
  /** Resolves when its output has been read to the end and its group has ended. */
  readonly ended: Promise<RunnerExit>;
  readonly #child: ChildProcess;
  readonly #order: OutputOrder<RunnerEvent>;

  constructor(where: Omit<RunnerStart, 'secret'>, events: RunnerEvents) {
    const secret = newSecret();
    const start: RunnerStart = { ...where, secret };
    const captures = new CaptureReader<number>((captured) => this.send({ kind: 'captured', ...captured }));
    let cell = 0;
    this.#order = new OutputOrder(secret, {
      text: (name, text) => {
        if (!captures.text(cell, name, text)) events.onText(name, text);
      },
      message: (event) => {
        if (event.kind === 'began') cell = event.cell;
        if (event.kind === 'capture') captures.take(event.cell, event);
        else events.onEvent(event);
      },
      beginsCell: ({ kind }) => kind === 'began',
    });
    const pipes = makePipes(2);
    const [out, err] = pipes.map(({ writeFd }) => writeFd) as [number, number];
    this.#child = spawn(process.execPath, [...NODE_FLAGS, MAIN, JSON.stringify(start)], {
      // It gets a group of its own, so that Ctrl-C reaches only this process, which passes it on.
      detached: true,
      stdio: ['ignore', out, err, 'pipe', 'pipe'],
    });
    for (const { writeFd } of pipes) closeSync(writeFd);
    const readers = new PipeReaders(
      pipes.map(({ readFd }) => readFd),
      this.#order,
    );
    const lines = new JsonLines<NumberedEvent>(({ number, marked, event }) => this.#order.message(number, marked, event));
    const told = this.#stream(EVENTS_FD);
    told.on('data', (chunk) => lines.push(chunk));
    told.on('error', () => {});
    this.#stream(ORDERS_FD).on('error', () => {});
    const allTold = new Promise<void>((resolve) => told.on('close', () => resolve()));
    this.ended = new Promise<RunnerExit>((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code, signal) => resolve({ code, signal }));
    }).then(async (exit) => {
      await this.#endGroup();
      // The timer must not keep this process running.
      await Promise.race([allTold, delay(GROUP_END_MS, undefined, { ref: false })]);
      readers.finish();
      return exit;
    });
  }

  send(order: Order): void {
    const orders = this.#stream(ORDERS_FD);
    if (orders.writable) orders.write(`${JSON.stringify(order)}\n`);
  }

  /** Ends the process and its group at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #stream(fd: number): Socket {
    return this.#child.stdio[fd] as Socket;
  }

  /** @returns false if nothing is left in the group */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      // Without a pid, the process was not started.
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
      return this.#child.pid !== undefined;
    } catch {
      return false;
    }
  }

  async #endGroup(): Promise<void> {
    const end = performance.now() + GROUP_END_MS;
    if (!this.#signal('SIGTERM')) return;
    while (this.#groupRuns() && performance.now() < end) await delay(POLL_MS);
    this.#signal('SIGKILL');
  }

  /** False if only zombies are left in the group. They stay until process 1 reads their exit codes, which it never does in some containers. */
  #groupRuns(): boolean {
    return this.#signal(0) && processTable().some(({ group }) => group === this.#child.pid);
  }
}
