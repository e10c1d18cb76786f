import { setProgressDisplay } from 'nbserve/basics';
import { watchSpawns } from '../children/index.js';
import type { DebugView } from '../debugger/index.js';
import {
  bundleOf,
  isShown,
  picturesDrawn,
  progressBar,
  setDisplayTarget,
  setPackageImporter,
  withPicture,
} from '../display/index.js';
import {
  cellsOfFile,
  type Magic,
  type MagicContext,
  type NotebookAccess,
  runCellMagic,
  runMagic,
  type SplitCell,
  shellLines,
  splitCell,
  timeit,
} from '../magics/index.js';
import { versionText } from '../versions/index.js';
import { CapturedOutput, capturing } from './captured-output.js';
import { CellExecutor } from './cell-executor.js';
import { CellSources } from './cell-sources.js';
import { endWorkers, watchWorkers } from './cell-workers.js';
import { PLAIN_PAINT, paintFor } from './code-frame.js';
import { completeCell } from './completion.js';
import type { ConvertedCell, Converter, Diagnostic, Scope } from './converter.js';
import { debugView } from './debug-view.js';
import { KeyboardInterrupt, RunsItself } from './errors.js';
import { loadedHost, replicasPrinted, startClusterAhead, warmHost, willServe } from './host.js';
import { inspectCell } from './inspection.js';
import { magicGrammar } from './magic-grammar.js';
import { edited, unmapped } from './mapped-text.js';
import { installNotebookGlobals } from './notebook-globals.js';
import { NotebookModules } from './notebook-modules.js';
import { installProcessOutput } from './process-output.js';
import { Results } from './results.js';
import { currentCell, lastCell, type RunningCell, runInCell } from './running-cell.js';
import type {
  CompleteReply,
  ExecuteOptions,
  InspectReply,
  IsCompleteReply,
  Outcome,
  Session,
  SessionOptions,
} from './session.js';
import { rememberCell } from './stack-positions.js';
import { withinStack } from './syntax.js';
import { formatDiagnostics, formatError } from './traceback.js';
import { saveCompileCache } from './tslab-fork.js';
import { helpFor, helpSources } from './type-help.js';
import { saysNoCheck, TypeQuestions } from './type-questions.js';

/** When the compiled code of TypeScript is written: not while somebody waits for the first cell. */
const SAVE_CACHE_MS = 5_000;

/** When nbserve and its compiler are loaded, so that the first `serve.run` is quick: after a first cell that may wait already. */
const WARM_HOST_MS = 100;

/** When the converter practises: after a first cell that may wait already. */
const PRACTISE_MS = 200;

/** How long a cell's end may wait for lines of its replicas, which a node agent that is busy holds back: runners drop what comes later. */
const REPLICAS_PRINT_MS = 1_000;

/** How long an interrupted cell may take to end by itself: code that was terminated never does. */
const ABANDON_MS = 80;

/** How many files may run inside of each other by `%run`. */
const MAX_FILES_OPEN = 20;

/** A cell without this has seen no answer of a replica. */
const AWAITS = /\bawait\b/;

/** A session on a converter of TypeScript, and in this process's own context. */
class NotebookSession implements Session {
  readonly #folder: string;
  /** Where commands run; `%cd` changes it. */
  #commandFolder: string;
  readonly #ownsProcess: boolean;
  readonly #results = new Results();
  readonly #history: { readonly number: number; readonly source: string }[] = [];
  readonly #modules: NotebookModules;
  readonly #executor: CellExecutor;
  readonly debugView: DebugView;
  readonly #sources: CellSources;
  readonly #types: TypeQuestions;
  /** `%types off` */
  #isUnchecked = false;
  readonly #split: (code: string) => SplitCell;
  readonly #turn: (work: () => void) => void;
  readonly #leadsGroup: boolean;
  #scope: Scope = '';
  /** The TypeScript of a cell runs. */
  #isRunningCode = false;
  /** How many files of `%run` run inside of each other. */
  #filesOpen = 0;
  #disposed = false;
  #queue: Promise<unknown> = Promise.resolve();
  #running: { readonly abort: AbortController; readonly cell: RunningCell; readonly abandon: () => void } | undefined;

  constructor(options: SessionOptions) {
    const { folder, ownsProcess = true, leadsGroup = false, uninterruptible = (work) => work(), turn = setImmediate } = options;
    const { onSpawn, onCheck = () => {}, onCompiled, interruptPending = () => false } = options;
    this.#folder = folder;
    this.#commandFolder = folder;
    this.#ownsProcess = ownsProcess;
    this.#types = new TypeQuestions({ folder, uninterruptible, onCheck, interruptPending });
    this.#turn = turn;
    this.#leadsGroup = leadsGroup;
    this.#modules = new NotebookModules(folder, (from, specifier) => this.#types.sideModule(from, specifier));
    this.#executor = new CellExecutor(folder, this.#modules, turn, onCompiled);
    this.debugView = debugView(this.#executor.names);
    const grammar = magicGrammar((name) => Object.hasOwn(this.#executor.names.exports, name));
    this.#split = (code) => splitCell(code, grammar);
    this.#sources = new CellSources({
      folder,
      lookup: (name) => this.#executor.names.get(name),
      settle: () => this.#executor.settle(),
      askTypes: (cellId, ask) => this.#types.ask((types) => types.askTypes?.(cellId, ask)),
    });
    installProcessOutput(ownsProcess);
    installNotebookGlobals(ownsProcess);
    this.#results.install();
    watchWorkers();
    if (onSpawn !== undefined) {
      watchSpawns((pid) => {
        // The type checker's process had ended, and another one answers.
        if (this.#types.isAsking) onCheck(pid);
        onSpawn(pid, !this.#types.isAsking && this.#running !== undefined && currentCell() === this.#running.cell);
      });
    }
    setDisplayTarget(() => (currentCell() ?? lastCell())?.output);
    setProgressDisplay(progressBar);
    setPackageImporter((id) => (currentCell() ?? lastCell())?.importPackage(id));
  }

  execute(code: string, options: ExecuteOptions): Promise<Outcome> {
    const outcome = this.#queue.then(() => this.#execute(code, options));
    this.#queue = outcome;
    return outcome;
  }

  interrupt(): void {
    const running = this.#running;
    if (running === undefined) return;
    running.abort.abort(new KeyboardInterrupt());
    this.#executor.interrupt();
    endWorkers(running.cell);
    this.#modules.forgetUnfinished();
    setTimeout(running.abandon, ABANDON_MS);
  }

  complete(code: string, cursor: number): CompleteReply {
    return this.#types.ask((types) => completeCell(types, this.#scope, this.#folder, this.#split, code, cursor));
  }

  inspect(code: string, cursor: number, detail: number): InspectReply {
    return this.#types.ask((types) => inspectCell(types, this.#scope, this.#split, code, cursor, detail));
  }

  isComplete(code: string): IsCompleteReply {
    const { cellMagic, edits, isEmpty } = this.#split(code);
    if (cellMagic !== undefined) return code.endsWith('\n') ? { status: 'complete' } : { status: 'incomplete', indent: '' };
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
    // It must not delay a cell.
    if (!this.#disposed && this.#running === undefined) this.#types.ask((types) => types.practise?.());
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

  #execute(code: string, { executionCount, silent, output }: ExecuteOptions): Promise<Outcome> {
    return new Promise((resolve) => {
      const abort = new AbortController();
      const importPackage = (id: string): Promise<object> => this.#modules.import(id);
      const cell: RunningCell = { id: `cell[${executionCount}].ts`, output, importPackage, interrupted: abort.signal };
      const running = {
        abort,
        cell,
        abandon: () => {
          if (this.#running === running) this.#running = undefined;
          resolve(formatError(new KeyboardInterrupt(), paintFor(output)));
        },
      };
      this.#running = running;
      if (executionCount > 0) this.#history.push({ number: executionCount, source: code });
      void this.#runCell(code, cell, silent).then((outcome) => {
        if (this.#running === running) this.#running = undefined;
        resolve(outcome);
      });
    });
  }

  /** Never rejects. Does not settle if its code, or the kernel's for it, is terminated. */
  async #runCell(code: string, cell: RunningCell, silent: boolean): Promise<Outcome> {
    try {
      const split = this.#split(code);
      const captured = split.captured ? new CapturedOutput() : undefined;
      if (captured !== undefined) cell.output = capturing(captured, cell.output);
      const magics = await this.#magicContext(cell, split);
      cell.interrupted.throwIfAborted();
      const begun = performance.now();
      let outcome: Outcome = { status: 'ok' };
      if (magics !== undefined) outcome = await this.#outside(cell, split, magics);
      if (!split.isEmpty && outcome.status === 'ok')
        outcome = await this.#typescript(code, split, cell, silent, magics, captured);
      if (split.timed) cell.output.stream('stdout', `${took(begun)}\n`);
      if (captured === undefined || outcome.status === 'error' || outcome.result === undefined) return outcome;
      captured.outputs.push(outcome.result);
      return { status: 'ok' };
    } catch (error) {
      return formatError(cell.interrupted.aborted ? new KeyboardInterrupt() : error, paintFor(cell.output));
    }
  }

  /** What runs before the cell's TypeScript is looked at. */
  async #outside(cell: RunningCell, split: SplitCell, magics: MagicContext): Promise<Outcome> {
    const { cellMagic, leading } = split;
    const within = (work: () => Promise<void>): Promise<void> => this.#executor.interruptible(() => runInCell(cell, work));
    if (cellMagic !== undefined) await within(() => runCellMagic(cellMagic, magics));
    for (const magic of leading) {
      // `%cd` may have changed it.
      const context = { ...magics, folder: this.#commandFolder };
      if (magic.name !== 'run') await within(() => runMagic(magic, context));
      else {
        const outcome = await this.#runFile(magic, cell, context);
        if (outcome.status === 'error') return outcome;
      }
    }
    return { status: 'ok' };
  }

  /** `%run file`: its cells run one after the other, each in the place of this one. */
  async #runFile(magic: Magic, cell: RunningCell, { folder }: MagicContext): Promise<Outcome> {
    if (this.#filesOpen >= MAX_FILES_OPEN) throw RunsItself({ max: MAX_FILES_OPEN });
    this.#filesOpen += 1;
    try {
      for (const source of cellsOfFile(magic.pieces.join(''), folder)) {
        const outcome = await this.#runCell(source, cell, true);
        if (outcome.status === 'error') return outcome;
      }
      return { status: 'ok' };
    } finally {
      this.#filesOpen -= 1;
    }
  }

  async #typescript(
    code: string,
    split: SplitCell,
    cell: RunningCell,
    silent: boolean,
    magics: MagicContext | undefined,
    captured: CapturedOutput | undefined,
  ): Promise<Outcome> {
    const plain = edited(unmapped(code), split.edits);
    if (willServe(plain.text)) startClusterAhead();
    const source = await this.#sources.marked(cell.id, plain);
    cell.interrupted.throwIfAborted();
    const isUnchecked = this.#isUnchecked || saysNoCheck(source.text);
    const converted = withinStack(() =>
      this.#types.ask((types) => types.convert(this.#scope, { id: cell.id, source, isUnchecked })),
    );
    if (!converted.ok) {
      const sources = helpSources((before, after) =>
        this.#types.ask((types) => types.complete(this.#scope, before + after, before.length).names),
      );
      const help = (one: Diagnostic): string | undefined => helpFor(code, one, sources);
      return formatDiagnostics(cell.id, code, converted.diagnostics, help, paintFor(cell.output));
    }
    // If a file has not changed, its code does not come a second time.
    this.#modules.add(converted.sideModules);
    cell.interrupted.throwIfAborted();
    rememberCell(cell.id, code, converted);
    this.#sources.add(cell.id, plain.text);
    return this.#run(converted, cell, silent || endsInSemicolon(code), {
      ...innerMagics(split, cell, magics, () => this.#commandFolder),
      captured: () => captured as CapturedOutput,
    });
  }

  async #run(
    converted: ConvertedCell,
    cell: RunningCell,
    silent: boolean,
    magics: ReturnType<typeof innerMagics> & { readonly captured: () => CapturedOutput },
  ): Promise<Outcome> {
    this.#isRunningCode = true;
    const end = await this.#executor.run(converted, cell, {
      ...magics,
      time: timed(cell),
      source: (id, value) => this.#sources.tag(id, value),
      bound: (name, value) => this.#sources.bind(cell.id, name, value),
    });
    this.#isRunningCode = false;
    if (AWAITS.test(converted.code) && !cell.interrupted.aborted) await replicasPrinted(REPLICAS_PRINT_MS);
    this.#scope =
      end.missing.size === 0
        ? converted.scope
        : this.#types.ask((types) => types.scopeWithout(converted.scope, this.#scope, end.missing));
    if (!end.ok) return formatError(end.error, paintFor(cell.output));
    await unlessInterrupted(cell, picturesDrawn());
    if (silent || !end.hasResult || end.result === undefined || isShown(end.result)) return { status: 'ok' };
    this.#results.add(numberOf(cell), end.result);
    const colors = cell.output.colors === 'all';
    if (end.result instanceof Error) {
      const { traceback } = formatError(end.result, colors ? paintFor(cell.output) : PLAIN_PAINT);
      return { status: 'ok', result: { data: { 'text/plain': traceback.join('\n') }, metadata: {} } };
    }
    const result = await runInCell(cell, () => bundleOf(end.result, { colors }));
    const pictured = runInCell(cell, () => withPicture(result));
    return { status: 'ok', result: (await unlessInterrupted(cell, pictured)) ?? result };
  }

  async #magicContext(cell: RunningCell, split: SplitCell): Promise<MagicContext | undefined> {
    if (split.cellMagic === undefined && split.leading.length === 0 && split.inner.length === 0) return undefined;
    const host = await loadedHost();
    const cluster = host === undefined ? null : await host.runningCluster();
    const env: Record<string, string> = cluster === null ? {} : { NBSERVE_CLUSTER: cluster.cluster.dir };
    const leadsGroup = this.#leadsGroup;
    const { output, interrupted: signal } = cell;
    const checkTypes = (isOn: boolean): void => {
      this.#isUnchecked = !isOn;
    };
    const notebook = this.#access(cell);
    return { folder: this.#commandFolder, output, signal, versions: versionText, checkTypes, env, leadsGroup, notebook };
  }

  /** What magics see of the notebook. */
  #access(cell: RunningCell): NotebookAccess {
    return {
      names: () => this.#executor.names.values(),
      reset: () => {
        if (this.#isRunningCode) return false;
        this.#scope = '';
        this.#executor.names.clear();
        return true;
      },
      history: () => this.#history,
      changeFolder: (folder) => {
        this.#commandFolder = folder;
        if (this.#ownsProcess) process.chdir(folder);
      },
      nextInput: (text) => {
        cell.output.nextInput?.(text);
        return cell.output.nextInput !== undefined;
      },
      help: (name) => {
        const { found, data, metadata } = this.inspect(name, name.length, 1);
        return found ? { data, metadata } : undefined;
      },
      show: async (value) => cell.output.display(await bundleOf(value)),
    };
  }
}

/** The magics that the cell's code calls. */
function innerMagics(
  { inner }: SplitCell,
  { output, interrupted: signal }: RunningCell,
  context: MagicContext | undefined,
  folder: () => string,
) {
  const called = <T>(run: (magic: Magic, context: MagicContext, values?: readonly unknown[]) => Promise<T>) => {
    return (index: number, values?: readonly unknown[]): Promise<T> =>
      run(inner[index] as Magic, { ...(context as MagicContext), folder: folder() }, values);
  };
  return {
    magic: called(runMagic),
    lines: called(shellLines),
    timeit: (work: () => unknown, options: string): Promise<void> => timeit(work, options, { output, signal }),
  };
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

function timed(cell: RunningCell) {
  return async (work: () => unknown): Promise<unknown> => {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      cell.output.stream('stdout', `${took(begun)}\n`);
    }
  };
}

function took(begun: number): string {
  const ms = performance.now() - begun;
  return ms < 1000 ? `took ${ms.toFixed(1)} ms` : `took ${(ms / 1000).toFixed(2)} s`;
}

/** An interrupted cell does not wait for `work`, which then gives nothing. */
async function unlessInterrupted<T>({ interrupted }: RunningCell, work: Promise<T> | undefined): Promise<T | undefined> {
  if (work === undefined || interrupted.aborted) return undefined;
  let giveUp = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
    interrupted.addEventListener('abort', giveUp, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => interrupted.removeEventListener('abort', giveUp));
}

/** `cell[3].ts` → 3 */
const numberOf = ({ id }: RunningCell): number => Number(/\d+/.exec(id)?.[0] ?? 0);

/** A semicolon behind the last expression hides its value; comments may follow it. */
const endsInSemicolon = (code: string): boolean => /;\s*(?:\/\/[^\n]*\s*)*$/.test(code);

/** Starts a session. Cheap: TypeScript is loaded by `warm()` or by the first cell. */
export const createSession = (options: SessionOptions): Session => new NotebookSession(options);
