import { setProgressDisplay, withoutTelemetry } from 'nbserve/basics';
import { watchSpawns } from '../children/index.js';
import type { DebugView } from '../debugger/index.js';
import { progressBar, setDisplayTarget, setPackageImporter } from '../display/index.js';
import { KeyboardInterrupt } from '../guard/index.js';
import { isContinued } from '../magics/index.js';
import { CellExecutor } from './cell-executor.js';
import { CellRunner } from './cell-runner.js';
import { endWorkers, watchWorkers } from './cell-workers.js';
import { paintFor } from './code-frame.js';
import { completeCell } from './completion.js';
import type { Converter } from './converter.js';
import { debugView } from './debug-view.js';
import { DebuggedReplicas } from './debugged-replicas.js';
import { loadedHost, loadWhole, setDebugging, startClusterAhead, warmHost, willServe } from './host.js';
import { edited, unmapped } from './mapped-text.js';
import { installNotebookGlobals } from './notebook-globals.js';
import { NotebookModules } from './notebook-modules.js';
import { lookForInstalledPackages } from './path-lookup.js';
import { practise } from './practice.js';
import { installProcessOutput } from './process-output.js';
import { currentCell, lastCell, type RunningCell } from './running-cell.js';
import type {
  CompleteReply,
  ExecuteOptions,
  InspectReply,
  IsCompleteReply,
  Outcome,
  Session,
  SessionOptions,
} from './session.js';
import { formatError } from './traceback.js';
import { saveCompileCache } from './tslab-fork.js';
import { TypeQuestions } from './type-questions.js';

/** When the compiled code of TypeScript is written: not while somebody waits for the first cell. */
const SAVE_CACHE_MS = 5_000;

/** When nbserve and its compiler are loaded, so that the first `serve.run` is quick: after a first cell that may wait already. */
const WARM_HOST_MS = 100;

/** When the converter practises: after a first cell that may wait already. */
const PRACTISE_MS = 200;

/** How long an interrupted cell may take to end by itself: code that was terminated never does. */
const ABANDON_MS = 80;

/** A magic for a whole cell of TypeScript, and no question about it. */
const OF_WHOLE_CELL = /^\s*%%(?:time|timeit|capture)(?![\w?])/;

interface Running {
  readonly abort: AbortController;
  readonly cell: RunningCell;
  readonly abandon: () => void;
}

/** A session on a converter of TypeScript, and in this process's own context. */
class NotebookSession implements Session {
  readonly #folder: string;
  readonly #modules: NotebookModules;
  readonly #executor: CellExecutor;
  readonly debugView: DebugView;
  #replicas: DebuggedReplicas | undefined;
  readonly #types: TypeQuestions;
  readonly #cells: CellRunner;
  readonly #turn: (work: () => void) => void;
  #disposed = false;
  #hasRun = false;
  /** The end of the last cell of each subshell; '' is the notebook itself. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** By subshell. */
  readonly #running = new Map<string, Running>();

  constructor(options: SessionOptions) {
    const { folder, ownsProcess = true, leadsGroup = false, uninterruptible = (work) => work(), turn = setImmediate } = options;
    const { onSpawn, onCheck = () => {}, onCompiled, replicaDebugging, interruptPending = () => false } = options;
    this.#folder = folder;
    this.#types = new TypeQuestions({ folder, uninterruptible, onCheck, interruptPending });
    loadWhole(uninterruptible);
    this.#turn = turn;
    this.#modules = new NotebookModules(folder, this.#types);
    if (replicaDebugging !== undefined) {
      this.#replicas = new DebuggedReplicas(replicaDebugging);
      setDebugging(this.#replicas);
    }
    this.#executor = new CellExecutor(folder, this.#modules, turn, (cell) => {
      const own = onCompiled?.(cell);
      return own === undefined ? undefined : this.#withReplicas(own);
    });
    this.debugView = debugView(this.#executor.names);
    installProcessOutput(ownsProcess);
    installNotebookGlobals(ownsProcess);
    const parts = { types: this.#types, modules: this.#modules, executor: this.#executor };
    this.#cells = new CellRunner({ folder, ownsProcess, leadsGroup, ...parts });
    watchWorkers();
    lookForInstalledPackages();
    if (onSpawn !== undefined) {
      watchSpawns((pid) => {
        // The type checker's process had ended, and another one answers.
        if (this.#types.isAsking) onCheck(pid);
        const cell = currentCell();
        const runs = !this.#types.isAsking && cell !== undefined && this.#running.get(cell.subshell)?.cell === cell;
        onSpawn(pid, runs ? cell.output.request : undefined);
      });
    }
    setDisplayTarget(() => (currentCell() ?? lastCell())?.output);
    setProgressDisplay(progressBar);
    withoutTelemetry();
    setPackageImporter((id) => (currentCell() ?? lastCell())?.importPackage(id));
  }

  get currentRequest(): string | undefined {
    return currentCell()?.output.request;
  }

  onDebugger(): void {
    void this.#replicas?.seesReplicas();
  }

  /** What a cell that was compiled waits for, if a debugger is attached. */
  async #withReplicas(own: Promise<void>): Promise<void> {
    await Promise.all([own, this.#replicas?.seesReplicas()]);
  }

  execute(code: string, options: ExecuteOptions): Promise<Outcome> {
    this.#hasRun = true;
    const { subshell = '' } = options;
    const outcome = (this.#queues.get(subshell) ?? Promise.resolve()).then(() => this.#execute(code, options, subshell));
    this.#queues.set(subshell, outcome);
    if (subshell !== '') void outcome.then(() => this.#queues.get(subshell) === outcome && this.#queues.delete(subshell));
    return outcome;
  }

  interrupt(subshell = ''): void {
    const running = this.#running.get(subshell);
    if (running === undefined) return;
    running.abort.abort(new KeyboardInterrupt());
    this.#executor.interrupt(subshell);
    endWorkers(running.cell);
    this.#modules.forgetUnfinished();
    setTimeout(running.abandon, ABANDON_MS);
  }

  complete(code: string, cursor: number): CompleteReply {
    const folders = { folder: this.#folder, commands: this.#cells.commandFolder };
    return this.#types.ask((types) => completeCell(types, this.#cells.scope, folders, this.#cells.split, code, cursor));
  }

  inspect(code: string, cursor: number, detail: number): InspectReply {
    return this.#cells.inspect(code, cursor, detail);
  }

  isComplete(code: string): IsCompleteReply {
    const { cellMagic, edits, isEmpty, leading, inner } = this.#cells.split(code);
    // More lines may follow, until an empty one does.
    if ((cellMagic !== undefined || OF_WHOLE_CELL.test(code)) && !code.endsWith('\n'))
      return { status: 'incomplete', indent: '' };
    if (cellMagic !== undefined) return { status: 'complete' };
    // The line of a command continues behind a backslash.
    if (
      isContinued(code.replace(/\n$/, '')) &&
      [...leading, ...inner].some(({ kind, end }) => kind !== 'help' && end === code.length)
    )
      return { status: 'incomplete', indent: '' };
    if (isEmpty) return { status: 'complete' };
    return this.#types.ask((types) => types.isComplete(edited(unmapped(code), edits).text));
  }

  async anticipate(code: string): Promise<void> {
    if (!willServe(code)) return;
    warmHost();
    await loadedHost()?.catch(() => {});
    startClusterAhead();
  }

  async warm(cellWaits = false): Promise<void> {
    if (this.#disposed) return;
    const types = this.#types.converter();
    // The kernel may have been told to end meanwhile.
    await new Promise<void>((resolve) => this.#turn(resolve));
    if (this.#disposed) return;
    if (!cellWaits) convertFirst(types);
    setTimeout(saveCompileCache, SAVE_CACHE_MS).unref();
    setTimeout(warmHost, WARM_HOST_MS).unref();
    setTimeout(() => this.#practise(), PRACTISE_MS).unref();
  }

  #practise(): void {
    // It must not delay a cell. If one has run already, that was the practice.
    if (this.#disposed || this.#hasRun || this.#running.size > 0) return;
    let canPractise = false;
    try {
      this.#types.ask((types) => {
        types.practise?.();
        canPractise = types.practise !== undefined;
      });
    } catch {
      // It was interrupted, or the first cell says what is wrong.
    }
    if (!canPractise) return;
    const executor = new CellExecutor(this.#folder, this.#modules, this.#turn);
    this.#queues.set('', practise(this.#types, executor));
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#types.dispose();
    const host = await loadedHost();
    if (host === undefined) return;
    host.setSourceRegistry(null);
    host.setTypeSource(null);
    // The notebook is closing: Jupyter waits a few seconds only.
    await host.endCluster({ drain: false });
  }

  #execute(code: string, options: ExecuteOptions, subshell: string): Promise<Outcome> {
    const { executionCount, silent, output, isAside = false } = options;
    return new Promise((resolve) => {
      const abort = new AbortController();
      const importPackage = (id: string): Promise<object> => this.#modules.import(id);
      const id = `cell[${executionCount}].ts`;
      const cell: RunningCell = { id, subshell, output, importPackage, isAside, interrupted: abort.signal };
      const ended = (): void => {
        if (this.#running.get(subshell) === running) this.#running.delete(subshell);
      };
      const running: Running = {
        abort,
        cell,
        abandon: () => {
          ended();
          resolve(formatError(new KeyboardInterrupt(), paintFor(output)));
        },
      };
      this.#running.set(subshell, running);
      if (executionCount > 0) this.#cells.remember(executionCount, code);
      void this.#cells.run(code, cell, silent).then((outcome) => {
        ended();
        resolve(outcome);
      });
    });
  }
}

/** Makes the checker resolve what every cell needs. */
function convertFirst(types: Converter): void {
  const source = unmapped('const warm = [1].map((x) => x + 1); console.log(String(warm)); warm');
  try {
    types.convert('', { id: 'warm.ts', source });
  } catch {
    // The first cell says what is wrong.
  }
}

/** Starts a session. Cheap: TypeScript is loaded by `warm()` or by the first cell. */
export const createSession = (options: SessionOptions): Session => new NotebookSession(options);
