import { bundleOf, isError, isShown, picturesDrawn, withPicture } from '../display/index.js';
import { KeyboardInterrupt } from '../guard/index.js';
import {
  cellsOfFile,
  filled,
  type Magic,
  type MagicContext,
  runCellMagic,
  runMagic,
  type SplitCell,
  splitCell,
} from '../magics/index.js';
import { CapturedOutput, capturing } from './captured-output.js';
import type { CellContext, CellEnd, CellExecutor } from './cell-executor.js';
import { CellMagics } from './cell-magics.js';
import { CellSources } from './cell-sources.js';
import { PLAIN_PAINT, paintFor } from './code-frame.js';
import { withoutMagics } from './completion.js';
import type { ConvertedCell, Diagnostic, Scope } from './converter.js';
import { RunsItself } from './errors.js';
import { replicasPrinted, startClusterAhead, willServe } from './host.js';
import { inspectCell } from './inspection.js';
import { magicGrammar } from './magic-grammar.js';
import { edited, type MappedText, unmapped } from './mapped-text.js';
import type { NotebookModules } from './notebook-modules.js';
import { endOutput } from './process-output.js';
import { Results } from './results.js';
import { type RunningCell, runInCell, unlessInterrupted } from './running-cell.js';
import type { ErrorOutcome, InspectReply, Outcome } from './session.js';
import { rememberCell } from './stack-positions.js';
import { parseCell, type SyntaxNode, withinStack } from './syntax.js';
import { atLine, formatDiagnostics, formatError } from './traceback.js';
import { helpFor, helpSources } from './type-help.js';
import { saysNoCheck, type TypeQuestions } from './type-questions.js';

/** How long a cell's end may wait for lines of its replicas, which a node agent that is busy holds back: runners drop what comes later. */
const REPLICAS_PRINT_MS = 1_000;

/** How many files may run inside of each other by `%run`. */
const MAX_FILES_OPEN = 20;

/** A cell without this has seen no answer of a replica. */
const AWAITS = /\bawait\b/;

export interface CellRunnerOptions {
  readonly folder: string;
  readonly ownsProcess: boolean;
  readonly leadsGroup: boolean;
  readonly types: TypeQuestions;
  readonly modules: NotebookModules;
  readonly executor: CellExecutor;
}

/** What a cell has run by `%run`. */
interface FilesRun {
  /** How many files run inside of each other. */
  open: number;
  /** How many sources it has run. */
  sources: number;
}

/** Runs the cells of a notebook, of each subshell one after the other: their magics, their TypeScript, and what shows their result. */
export class CellRunner {
  readonly #results = new Results();
  readonly #history: { readonly number: number; readonly source: string }[] = [];
  readonly #types: TypeQuestions;
  readonly #modules: NotebookModules;
  readonly #executor: CellExecutor;
  readonly #sources: CellSources;
  readonly #magics: CellMagics;
  #scope: Scope = '';
  /** While the TypeScript of cells runs: what they declare too. */
  #innerScope: Scope = '';
  /** The scope from before each cell whose TypeScript runs, by its subshell. */
  readonly #before = new Map<string, { readonly scope: Scope }>();
  readonly #files = new WeakMap<RunningCell, FilesRun>();
  readonly split: (code: string) => SplitCell;

  constructor({ folder, ownsProcess, leadsGroup, types, modules, executor }: CellRunnerOptions) {
    this.#types = types;
    this.#modules = modules;
    this.#executor = executor;
    const grammar = magicGrammar((name) => Object.hasOwn(executor.names.exports, name));
    this.split = (code) => splitCell(code, grammar);
    this.#sources = new CellSources({
      folder,
      names: executor.names,
      settle: () => executor.settle(),
      types,
    });
    this.#magics = new CellMagics({
      folder,
      ownsProcess,
      leadsGroup,
      names: () => executor.names.values(),
      reset: () => this.#reset(),
      history: () => this.#history,
      help: (name) => {
        const { found, data, metadata } = this.#inspect(this.#present, name, name.length, 1);
        return found ? { data, metadata } : undefined;
      },
    });
    this.#results.install();
  }

  /** What the next cell finds declared. */
  get scope(): Scope {
    return this.#scope;
  }

  /** What is declared by now. */
  get #present(): Scope {
    return this.#before.size === 0 ? this.#scope : this.#innerScope;
  }

  /** Where commands run. */
  get commandFolder(): string {
    return this.#magics.folder;
  }

  inspect(code: string, cursor: number, detail: number): InspectReply {
    return this.#inspect(this.#scope, code, cursor, detail);
  }

  /** Adds a cell to what `%history` shows. */
  remember(number: number, source: string): void {
    this.#history.push({ number, source });
  }

  /**
   * Never rejects. Does not settle if its code, or the kernel's for it, is terminated.
   * @param id of a source that runs in the place of the cell
   */
  async run(code: string, cell: RunningCell, silent: boolean, id = cell.id): Promise<Outcome> {
    const { output } = cell;
    // The cell before may have been terminated.
    this.#before.delete(cell.subshell);
    let endCapture = async (): Promise<void> => {};
    try {
      const split = this.split(code);
      const captured = split.captured ? new CapturedOutput() : undefined;
      if (captured !== undefined) ({ output: cell.output, end: endCapture } = capturing(captured, cell.output));
      const magics = await this.#magics.contextFor(cell, split);
      cell.interrupted.throwIfAborted();
      const begun = performance.now();
      let outcome: Outcome = { status: 'ok' };
      if (magics !== undefined) outcome = await this.#outside(cell, split, magics);
      if (!split.isEmpty && outcome.status === 'ok')
        outcome = await this.#typescript(code, split, cell, id, silent, magics, captured);
      if (split.timed) cell.output.stream('stdout', `${took(begun)}\n`);
      if (captured === undefined || outcome.status === 'error' || outcome.result === undefined) return outcome;
      captured.outputs.push(outcome.result);
      return { status: 'ok' };
    } catch (error) {
      return formatError(cell.interrupted.aborted ? new KeyboardInterrupt() : error, paintFor(cell.output));
    } finally {
      endOutput(cell);
      await endCapture();
      // The cell is known as long as the session, and what was captured may be large.
      cell.output = output;
    }
  }

  /** What runs before the cell's TypeScript is looked at. */
  async #outside(cell: RunningCell, split: SplitCell, magics: MagicContext): Promise<Outcome> {
    const { cellMagic, leading } = split;
    const within = (work: () => Promise<void>): Promise<void> => this.#executor.interruptible(cell, () => runInCell(cell, work));
    if (cellMagic !== undefined) {
      const { filled: withValues } = cellMagic;
      const args = withValues === undefined ? cellMagic.args : this.#filled(withValues.pieces, withValues.names);
      await within(() => runCellMagic({ ...cellMagic, args }, magics));
    }
    for (const magic of leading) {
      const context = { ...magics, ...this.#magics.folders };
      if (magic.name !== 'run') await atLine(magic.line, () => within(() => runMagic(magic, context)));
      else {
        const outcome = await atLine(magic.line, () => this.#runFile(magic, cell, context));
        if (outcome.status === 'error') return outcome;
      }
    }
    return { status: 'ok' };
  }

  /** `%run file`: its cells run one after the other, each in the place of this one, with ids of their own: `cell[3.1].ts`. */
  async #runFile(magic: Magic, cell: RunningCell, { folder }: MagicContext): Promise<Outcome> {
    const files = this.#files.get(cell) ?? { open: 0, sources: 0 };
    if (files.open >= MAX_FILES_OPEN) throw RunsItself({ max: MAX_FILES_OPEN });
    const file = this.#filled(magic.pieces, magic.names ?? []);
    this.#files.set(cell, files);
    files.open += 1;
    const ids: string[] = [];
    try {
      for (const source of cellsOfFile(file, folder)) {
        files.sources += 1;
        const id = cell.id.replace(']', `.${files.sources}]`);
        ids.push(id);
        const outcome = await this.run(source, cell, true, id);
        if (outcome.status === 'error') return ofFile(outcome, ids, file, magic.line + 1);
      }
      return { status: 'ok' };
    } finally {
      files.open -= 1;
    }
  }

  /** A line with values of earlier cells. */
  #filled(pieces: readonly string[], names: readonly string[]): string {
    return filled(
      pieces,
      names.map((name) => this.#executor.names.get(name)),
    );
  }

  async #typescript(
    code: string,
    split: SplitCell,
    cell: RunningCell,
    id: string,
    silent: boolean,
    magics: MagicContext | undefined,
    captured: CapturedOutput | undefined,
  ): Promise<Outcome> {
    const plain = edited(unmapped(code), split.edits);
    if (willServe(plain.text)) startClusterAhead();
    const source = await this.#sources.marked(id, plain);
    cell.interrupted.throwIfAborted();
    const isUnchecked = this.#magics.isUnchecked || saysNoCheck(source.text);
    const before = this.#present;
    const held = [...this.#before.values()].map(({ scope }) => scope);
    const converted = withinStack(() => this.#types.ask((types) => types.convert(before, { id, source, isUnchecked, held })));
    const notice = this.#types.takeNotice();
    if (notice !== undefined) cell.output.stream('stderr', `${notice}\n`);
    if (!converted.ok) {
      const sources = helpSources(withoutMagics(code, split), (before, after) =>
        this.#types.ask((types) => types.complete(this.#scope, before + after, before.length).names),
      );
      const help = (one: Diagnostic): string | undefined => helpFor(code, one, sources);
      return formatDiagnostics(id, code, converted.diagnostics, help, paintFor(cell.output));
    }
    // If a file has not changed, its code does not come a second time.
    this.#modules.add(converted.sideModules);
    cell.interrupted.throwIfAborted();
    rememberCell(id, code, converted);
    this.#sources.add(id, plain.text);
    return this.#runCode(converted, before, cell, id, silent || !converted.hasResult || endsInSemicolon(code, plain), {
      ...this.#magics.inner(split, cell, magics),
      captured: () => captured as CapturedOutput,
    });
  }

  async #runCode(
    converted: ConvertedCell,
    before: Scope,
    cell: RunningCell,
    id: string,
    silent: boolean,
    magics: ReturnType<CellMagics['inner']> & { readonly captured: () => CapturedOutput },
  ): Promise<Outcome> {
    const own = { scope: before };
    this.#before.set(cell.subshell, own);
    this.#innerScope = converted.scope;
    const end = await this.#executor.run(converted, cell, {
      ...magics,
      ...stopwatch(cell),
      id,
      source: (sourceId, value) => this.#sources.tag(sourceId, value),
      bound: (name, value) => this.#sources.bind(id, name, value),
    });
    // Otherwise an interrupt did not wait for it, and the next cell of its subshell has begun without its names.
    if (this.#before.get(cell.subshell) === own) {
      this.#before.delete(cell.subshell);
      this.#scope = this.#scopeAfter(converted.scope, before, this.#innerScope, end);
      this.#innerScope = this.#scope;
    }
    if (AWAITS.test(converted.code) && !cell.interrupted.aborted) await replicasPrinted(REPLICAS_PRINT_MS);
    if (!end.ok) return formatError(end.error, paintFor(cell.output));
    await unlessInterrupted(cell, picturesDrawn());
    if (silent || !end.hasResult || end.result === undefined || isShown(end.result)) return { status: 'ok' };
    if (cell.isAside !== true) this.#results.add(numberOf(cell), end.result);
    const colors = cell.output.colors === 'all';
    if (isError(end.result)) {
      const { traceback } = formatError(end.result, colors ? paintFor(cell.output) : PLAIN_PAINT);
      return { status: 'ok', result: { data: { 'text/plain': traceback.join('\n') }, metadata: {} } };
    }
    const result = await runInCell(cell, () => bundleOf(end.result, { colors }));
    const pictured = runInCell(cell, () => withPicture(result));
    return { status: 'ok', result: (await unlessInterrupted(cell, pictured)) ?? result };
  }

  /** @param after the scope in which the cell has all its names @param present the scope after cells of other subshells that have begun since */
  #scopeAfter(after: Scope, before: Scope, present: Scope, { ok, missing, unset }: CellEnd): Scope {
    if (ok && missing.size === 0 && unset.size === 0) return present;
    return this.#types.ask((types) => {
      const reached = ok && missing.size === 0 ? present : types.scopeWithout(after, before, missing, present);
      return unset.size === 0 ? reached : (types.scopeUnset?.(reached, unset, ok) ?? reached);
    });
  }

  #inspect(scope: Scope, code: string, cursor: number, detail: number): InspectReply {
    return this.#types.ask((types) => inspectCell(types, scope, this.split, code, cursor, detail));
  }

  #reset(): boolean {
    if (this.#before.size > 0) return false;
    this.#scope = '';
    this.#executor.names.clear();
    this.#results.clear();
    return true;
  }
}

/** An error in a file of `%run`: its places are those of the file, and it has happened in this line of the cell. */
function ofFile(outcome: ErrorOutcome, ids: readonly string[], file: string, line: number): ErrorOutcome {
  const named = (text: string): string => ids.reduce((sofar, id) => sofar.replaceAll(`${id}:`, () => `${file}:`), text);
  return { ...outcome, evalue: named(outcome.evalue), traceback: outcome.traceback.map(named), line };
}

function stopwatch(cell: RunningCell): Pick<CellContext, 'time' | 'watch'> {
  const begins: number[] = [];
  const say = (begun: number): void => cell.output.stream('stdout', `${took(begun)}\n`);
  return {
    time: async (work) => {
      const begun = performance.now();
      try {
        return await work();
      } finally {
        say(begun);
      }
    },
    watch: (isBegin) => {
      if (isBegin) begins.push(performance.now());
      else say(begins.pop() ?? performance.now());
    },
  };
}

function took(begun: number): string {
  const ms = performance.now() - begun;
  return ms < 1000 ? `took ${ms.toFixed(1)} ms` : `took ${(ms / 1000).toFixed(2)} s`;
}

/** `cell[3].ts` → 3 */
const numberOf = ({ id }: RunningCell): number => Number(/\d+/.exec(id)?.[0] ?? 0);

/** A semicolon behind the last expression hides its value. That of a line with `%time` stands in what an edit replaces. */
function endsInSemicolon(code: string, plain: MappedText): boolean {
  if (!code.includes(';')) return false;
  const last = (parseCell(plain.text)?.body as readonly SyntaxNode[] | undefined)?.at(-1);
  return last !== undefined && code[plain.toOriginal(last.end - 1)] === ';';
}
