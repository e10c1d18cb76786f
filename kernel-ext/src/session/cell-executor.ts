import { join } from 'node:path';
import { constants, Script } from 'node:vm';
import { KeyboardInterrupt } from '../guard/index.js';
import type { CapturedOutput } from './captured-output.js';
import { CellWaits } from './cell-waits.js';
import type { ConvertedCell } from './converter.js';
import { DisposalScope } from './disposal-scope.js';
import { inputIdle } from './notebook-input.js';
import type { NotebookModules } from './notebook-modules.js';
import { NotebookNames, type OpenCell, type Unreached } from './notebook-names.js';
import { type RunningCell, runInCell } from './running-cell.js';
import { settled } from './settled.js';
import { withinStack } from './syntax.js';

/** What a cell's code gets from outside of it. */
export interface CellContext {
  /** By which stacks and the debugger know the code: `cell[3].ts`, and `cell[3.1].ts` for the first source that the cell runs by `%run`. */
  readonly id: string;
  readonly source: <T>(id: string, value: T) => T;
  readonly magic: (index: number, values?: readonly unknown[]) => Promise<void>;
  /** The lines that a command prints. */
  readonly lines: (index: number, values?: readonly unknown[]) => Promise<string[]>;
  readonly captured: () => CapturedOutput;
  /** Measures a piece of the cell by many calls. */
  readonly timeit: (work: () => unknown, options: string) => Promise<void>;
  /** Runs a piece of the cell and says how long it took. */
  readonly time: (work: () => unknown) => Promise<unknown>;
  /** Begins to measure a piece of the cell, or says how long it took since then. */
  readonly watch: (begins: boolean) => void;
  /** Is called when a name is given a class or function. */
  readonly bound: (name: string, value: unknown) => void;
}

export type CellEnd = Unreached &
  (
    | { readonly ok: true; readonly result: unknown; readonly hasResult: boolean }
    | { readonly ok: false; readonly error: unknown }
  );

/** What a cell's code gives. */
interface CellState {
  result: unknown;
  /** Undefined until it has declared its names. */
  open: OpenNames | undefined;
}

type CellCode = (...parameters: unknown[]) => Promise<void>;

interface OpenNames {
  readonly cell: OpenCell;
  readonly bound: CellContext['bound'];
}

/** Runs converted cells, of each subshell one at a time. */
export class CellExecutor {
  readonly names = new NotebookNames();
  readonly #modules: NotebookModules;
  readonly #folder: string;
  /** The names of the running cells. */
  readonly #open = new Set<OpenNames>();
  readonly #turn: (work: () => void) => void;
  /** What ends the running cell of each subshell. */
  readonly #interrupts = new Map<string, () => void>();
  readonly #onCompiled: (cell: string) => Promise<void> | undefined;

  /** @param turn runs its argument in a macrotask of its own @param onCompiled is called before a cell runs, and its promise is awaited */
  constructor(
    folder: string,
    modules: NotebookModules,
    turn: (work: () => void) => void,
    onCompiled: (cell: string) => Promise<void> | undefined = () => undefined,
  ) {
    this.#folder = folder;
    this.#modules = modules;
    this.#turn = turn;
    this.#onCompiled = onCompiled;
  }

  async run(converted: ConvertedCell, cell: RunningCell, context: CellContext): Promise<CellEnd> {
    const scope = new DisposalScope();
    const state: CellState = { result: undefined, open: undefined };
    try {
      const code = this.#compile(converted.code, context.id);
      const breakpoints = this.#onCompiled(context.id);
      if (breakpoints !== undefined) await breakpoints;
      const waits = new CellWaits(breakpoints !== undefined);
      cell.interrupted.throwIfAborted();
      const runtime = this.#runtime(state, scope, waits, context, cell.id);
      await this.#interruptible(cell, waits, () =>
        runInCell(cell, async () => {
          const file = join(this.#folder, cell.id);
          const { exports } = this.names;
          const end = await settled(async () => {
            await code(exports, this.#modules.require, this.#folder, file, runtime, context.source);
            // What it has left reads from the person, who is asked no more when the cell has ended.
            await inputIdle();
          });
          if (!end.ok) scope.failed(end.error);
          await scope.endAsync();
        }),
      );
      return { ok: true, result: state.result, hasResult: converted.hasResult, ...this.#close(state, true, converted.names) };
    } catch (error) {
      return { ok: false, error, ...this.#close(state, false, converted.names) };
    }
  }

  /** Runs `work` so that `interrupt` ends the waiting. Each gets a macrotask of its own: the control thread ends that one. */
  async interruptible<T>(cell: RunningCell, work: () => Promise<T>): Promise<T> {
    return this.#interruptible(cell, undefined, work);
  }

  /** @param subshell whose cell is ended */
  interrupt(subshell: string): void {
    this.#interrupts.get(subshell)?.();
  }

  /** Tells what the running cells have defined by now. */
  settle(): void {
    for (const { cell, bound } of this.#open) for (const [name, value] of cell.values()) bound(name, value);
  }

  #interruptible<T>({ subshell }: RunningCell, waits: CellWaits | undefined, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let interrupted = false;
      const ended = (): void => reject(new KeyboardInterrupt());
      this.#interrupts.set(subshell, () => {
        interrupted = true;
        // What the cell's `finally` blocks print still comes before its end. Code that was terminated never ends by itself.
        waits?.interrupt();
        this.#turn(ended);
      });
      this.#turn(() => {
        // Nobody would wait for it any more, and no interrupt would end it.
        if (interrupted) return;
        try {
          work().then((value) => (interrupted ? ended() : resolve(value)), reject);
        } catch (error) {
          reject(error);
        }
      });
    }).finally(() => {
      this.#interrupts.delete(subshell);
    });
  }

  #compile(code: string, filename: string): CellCode {
    // `import()` of the cell itself calls `__nbs.import`; this is for code in strings.
    const options = { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER };
    return withinStack(() => new Script(code, options).runInThisContext() as CellCode);
  }

  #runtime(
    state: CellState,
    scope: DisposalScope,
    { wait, each }: CellWaits,
    { bound, magic, lines, time, timeit, watch, captured }: CellContext,
    id: string,
  ) {
    // Few cells use it.
    let meta: object | undefined;
    const modules = this.#modules;
    const folder = this.#folder;
    return {
      wait,
      each,
      define: (definitions: Parameters<NotebookNames['open']>[0]): void => {
        state.open = { cell: this.names.open(definitions, bound), bound };
        this.#open.add(state.open);
      },
      import: (module: string): Promise<object> => this.#modules.import(module),
      set result(value: unknown) {
        state.result = value;
      },
      magic,
      lines,
      time,
      timeit,
      watch,
      captured,
      loop: () => {},
      scope: () => new DisposalScope(),
      cell_scope: scope,
      module: this.#modules.main,
      get meta(): object {
        meta ??= modules.metaOf(join(folder, id), true);
        return meta;
      },
    };
  }

  #close({ open }: CellState, isWhole: boolean, names: readonly string[]): Unreached {
    this.settle();
    // An interrupt came before its code began.
    if (open === undefined) return { missing: new Set(names), unset: new Set() };
    this.#open.delete(open);
    return open.cell.close(isWhole);
  }
}
