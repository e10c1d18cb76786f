import { afterArrivals, type ShellRequest } from '../control/index.js';
import { type ExecutionDeps, ExecutionQueue } from './execution-queue.js';
import { InterruptibleCells } from './interruptible-cells.js';

export interface ShellsDeps extends Omit<ExecutionDeps, 'runner' | 'counter' | 'ended'> {
  /** How many interrupts were requested until now. */
  interrupts(): number;
  /** From now on, output that names no cell belongs to this one. */
  outputTo(parent: string): void;
  /** Takes back the questions to the user. */
  unask(): void;
}

interface Shell {
  readonly queue: ExecutionQueue;
  readonly runner: InterruptibleCells;
  /** The cell that ran when code was terminated. */
  hit: string | undefined;
  /** It stays known until its cell has ended, for interrupts. */
  isDeleted: boolean;
}

/**
 * The queues of cells: the notebook's own, and one for each subshell. A cell of one queue runs while cells of the others await. All run in one thread, so an
 * interrupt ends the running cell of each: it cannot know whose code the user means.
 */
export class Shells {
  readonly #deps: ShellsDeps;
  readonly #counter = { count: 0 };
  readonly #main: Shell;
  readonly #subshells = new Map<string, Shell>();

  constructor(deps: ShellsDeps) {
    this.#deps = deps;
    this.#main = this.#make('');
  }

  /** The header (JSON) of a cell that runs: the notebook's, else a subshell's. */
  get running(): string | undefined {
    for (const { queue } of this.#all()) if (queue.running !== undefined) return queue.running;
    return undefined;
  }

  push(request: ShellRequest): void {
    const id = request.header.subshell_id;
    const shell = id === undefined ? this.#main : (this.#subshells.get(id) ?? this.#make(id));
    if (id !== undefined) this.#subshells.set(id, shell);
    shell.queue.push(request);
  }

  /** Cells that wait in the subshell do not run. The one that runs goes on. @param held more cells of it, which do not run either */
  delete(id: string, held: readonly ShellRequest[]): void {
    const shell = this.#subshells.get(id) ?? this.#make(id);
    if (shell.queue.drop(held) > 0) this.#stayBusy();
    if (shell.queue.running === undefined) this.#subshells.delete(id);
    else shell.isDeleted = true;
  }

  /** Code is about to be terminated. */
  onTermination(): void {
    for (const shell of this.#all()) shell.hit = shell.queue.running;
  }

  /** Ends the cells that run. @param terminated true if synchronous code was terminated */
  interrupt(terminated: boolean): void {
    const count = this.#deps.interrupts();
    const all = [...this.#all()];
    // A cell that the interrupt has ended before it was reported to this thread: the next cell must not be interrupted.
    const due = all.filter(({ runner }) => runner.dealtWith !== count);
    const isOver = due.length < all.length && !due.some(({ queue }) => queue.running !== undefined);
    if (isOver) return;
    // The terminated code may belong to an earlier cell. A cell that waited for its end runs.
    if (terminated) this.#end(due.filter(({ queue, hit }) => queue.running === hit));
    else if (this.running !== undefined) this.#end(due.filter(({ queue }) => queue.running !== undefined));
    // The cell that the user means may still arrive, on another socket.
    else afterArrivals(() => this.#end([...this.#all()]));
  }

  #end(shells: readonly Shell[]): void {
    if (shells.length === 0) return;
    this.#deps.unask();
    for (const { runner } of shells) runner.interrupt();
  }

  *#all(): Generator<Shell> {
    yield this.#main;
    yield* this.#subshells.values();
  }

  #make(id: string): Shell {
    const runner = new InterruptibleCells(() => this.#deps.interrupts(), id);
    const queue = new ExecutionQueue({ ...this.#deps, runner, counter: this.#counter, ended: () => this.#ended(id) });
    return { queue, runner, hit: undefined, isDeleted: false };
  }

  #ended(id: string): void {
    if (this.#subshells.get(id)?.isDeleted === true) this.#subshells.delete(id);
    const other = this.#stayBusy();
    if (other !== undefined) this.#deps.outputTo(other);
  }

  /** Clients show the last status, whatever request it was about. @returns the header (JSON) of a cell that still runs */
  #stayBusy(): string | undefined {
    const { running } = this;
    if (running !== undefined) this.#deps.publisher.publish('status', { execution_state: 'busy' }, running);
    return running;
  }
}
