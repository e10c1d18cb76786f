import type { Debugger, Runtime } from 'node:inspector';
import { Breakpoints } from './breakpoints.js';
import { ClientExpressions, type EvaluationMarks, INTERRUPTED } from './client-expressions.js';
import type { Inspector } from './inspector-client.js';
import { CLOSURE, LOCAL, NamedExpressions } from './named-expressions.js';
import { DebugRefusal } from './protocol.js';
import { BLACKBOXED, type UserScripts } from './scripts.js';
import { textOfValue, Values, type Variable } from './values.js';
import { VIEW } from './view.js';

type Paused = Debugger.PausedEventDataType;
type Step = 'stepOver' | 'stepInto' | 'stepOut';

export interface DebugRunEvents {
  stopped(run: DebugRun, reason: string, text: string | undefined): void;
  continued(run: DebugRun): void;
  /** The headers (JSON) of the cells that run and may be the one that is stepped through. */
  running(): readonly string[];
}

/** A process whose code is debugged. */
export interface DebuggedProcess {
  readonly inspector: Inspector;
  readonly scripts: UserScripts;
  /**
   * An expression that must be evaluated before stopped code is terminated. It gives whether that is allowed. Absent: an interrupt does not end the code,
   * which goes on.
   */
  readonly unwind?: string;
  /** Absent: an expression ends after some seconds. */
  readonly evaluation?: EvaluationMarks;
  /** Gives numbers for frames and values, each only once in all processes. */
  readonly number: () => number;
}

interface Frame {
  readonly id: number;
  readonly frame: Debugger.CallFrame;
}

/** How often in a row a step goes on because it came to code that is not the user's. */
const MAX_SKIPS = 200;

/** An attached debugger in one process. */
export class DebugRun {
  readonly #inspector: Inspector;
  readonly #scripts: UserScripts;
  readonly #values: Values;
  readonly #unwind: string | undefined;
  readonly #expressions: ClientExpressions;
  readonly #number: () => number;
  readonly breakpoints: Breakpoints;
  readonly #events: DebugRunEvents;
  #frames: Frame[] = [];
  #step: { readonly kind: Step; readonly cells: readonly string[]; readonly from: string; skips: number } | undefined;
  /** The stop at which the inspector stands, whether the client was told of it or not. */
  #stop: Paused | undefined;
  /** While an interrupt ends the cell, nothing stops it. */
  #released = false;
  /** The end of the code that was stopped last. */
  #ending = Promise.resolve();
  #closed = false;

  constructor({ inspector, scripts, unwind, evaluation, number }: DebuggedProcess, events: DebugRunEvents) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#unwind = unwind;
    this.#number = number;
    this.#values = new Values(inspector, number);
    const named = new NamedExpressions(inspector);
    this.breakpoints = new Breakpoints(inspector, scripts, (condition) => named.condition(condition));
    this.#expressions = new ClientExpressions(inspector, named, evaluation, {
      frames: () => this.#frames.map(({ frame }) => frame),
      refusal: () => (this.#closed ? 'the debugger has gone' : this.#released ? INTERRUPTED : undefined),
    });
    this.#events = events;
    this.#inspector.on('Debugger.resumed', () => {
      this.#stop = undefined;
    });
    this.#inspector.on<Paused>('Debugger.paused', (paused) => {
      this.#stop = paused;
      // The session may be closed meanwhile; then the code has continued.
      void this.#onPaused(paused).catch(() => this.#inspector.send('Debugger.resume').catch(() => {}));
    });
  }

  get isPaused(): boolean {
    return this.#frames.length > 0;
  }

  /** Whether it stands still there. */
  hasFrame(id: number): boolean {
    return this.#frames.some((frame) => frame.id === id);
  }

  hasValue(reference: number): boolean {
    return this.#values.has(reference);
  }

  async begin(): Promise<void> {
    await this.#inspector.send('Runtime.enable');
    await this.#inspector.send('Debugger.enable');
    await this.#inspector.send('Debugger.setBlackboxPatterns', { patterns: BLACKBOXED });
  }

  async pauseOnExceptions(state: 'all' | 'uncaught' | 'none'): Promise<void> {
    await this.#inspector.send('Debugger.setPauseOnExceptions', { state });
  }

  async pause(): Promise<void> {
    await this.#inspector.send('Debugger.pause');
  }

  async resume(): Promise<void> {
    this.#requirePause();
    this.#step = undefined;
    this.#forget();
    await this.#inspector.send('Debugger.resume');
    this.#events.continued(this);
  }

  async step(kind: Step): Promise<void> {
    this.#requirePause();
    const from = await this.#lineOf(this.#frames.map(({ frame }) => frame));
    this.#step = { kind, cells: this.#events.running(), from, skips: 0 };
    this.#forget();
    await this.#inspector.send(`Debugger.${kind}`);
    this.#events.continued(this);
  }

  /** Code that is stopped ends, and nothing stops until {@link hold}. Resolves when that code has its order. Never rejects. */
  async release(): Promise<void> {
    this.#step = undefined;
    this.#expressions.interrupt();
    const wasTold = this.isPaused;
    this.#forget();
    if (!this.#released) void this.#inspector.send('Debugger.setSkipAllPauses', { skip: true }).catch(() => {});
    this.#released = true;
    this.#end();
    // The cell may end before another process has answered.
    if (this.#unwind !== undefined) await this.#ending;
    if (wasTold) this.#events.continued(this);
  }

  hold(): void {
    this.#released = false;
    void this.#inspector.send('Debugger.setSkipAllPauses', { skip: false }).catch(() => {});
  }

  /**
   * Resolves when the session has ended. It outlasts the client's expression, because only as long as that has its mark can an interrupt end it.
   * @param atOnce because the process is replaced
   */
  async close(atOnce: boolean): Promise<void> {
    this.#closed = true;
    const ended = this.#expressions.ended();
    this.#forget();
    if (!atOnce) await ended;
    this.#inspector.close();
  }

  async stackTrace(): Promise<object[]> {
    return Promise.all(
      this.#frames.map(async ({ id, frame }) => {
        const { path, line, column } = await this.#scripts.place(frame.location);
        const unnamed = (await this.#scripts.isCell(frame)) ? '(cell)' : '(anonymous)';
        const name = frame.functionName === '' ? unnamed : frame.functionName;
        return { id, name, line: line + 1, column: column + 1, source: { path, name: path } };
      }),
    );
  }

  scopes(frameId: number): object[] {
    const { scopeChain } = this.#frame(frameId);
    // The outermost blocks of a cell's function are closures of its inner functions only.
    const objects = (types: ReadonlySet<string>): string[] =>
      scopeChain.flatMap(({ type, object }) => (types.has(type) && object.objectId !== undefined ? object.objectId : []));
    const scope = (name: string, ids: string[]) => ({ name, expensive: false, variablesReference: this.#values.refer(ids) });
    const closure = objects(CLOSURE);
    return [scope('Locals', objects(LOCAL)), ...(closure.length === 0 ? [] : [scope('Closure', closure)])];
  }

  variables(reference: number): Promise<Variable[]> {
    return this.#values.variables(reference);
  }

  /** The names of the notebook, whether the code is paused or not. */
  async names(): Promise<Variable[]> {
    const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: `${VIEW}?.names()`,
      silent: true,
    });
    return result.objectId === undefined ? [] : this.#values.variables(this.#values.refer([result.objectId]));
  }

  /** @throws DebugRefusal with what the expression threw */
  async evaluate(expression: string, frameId: number | undefined): Promise<{ value: Runtime.RemoteObject; text: string }> {
    const frame = frameId === undefined ? this.#frames[0]?.frame : this.#frame(frameId);
    const { result, exceptionDetails } = await this.#expressions.evaluate(expression, frame);
    if (exceptionDetails !== undefined) {
      throw new DebugRefusal(exceptionDetails.exception?.description?.split('\n')[0] ?? exceptionDetails.text);
    }
    return { value: result, text: textOfValue(result) };
  }

  variable(name: string, value: Runtime.RemoteObject) {
    return this.#values.variable(name, value);
  }

  async #onPaused(paused: Paused): Promise<void> {
    const { callFrames, reason, hitBreakpoints = [], data } = paused;
    const top = callFrames[0];
    const isBreakpoint = hitBreakpoints.length > 0;
    const isException = reason === 'exception' || reason === 'promiseRejection';
    const step = this.#step;
    const isLate = step !== undefined && !isBreakpoint && !isException && this.#hasEnded(step.cells);
    if (this.#released) return this.#end();
    if (isLate || top === undefined) return this.#continue();
    const isOthers = !this.#scripts.isUsers(top) || (!isBreakpoint && (await this.#scripts.isMade(top.location)));
    if (this.#stop !== paused) return;
    if (isOthers) {
      if (step === undefined || ++step.skips > MAX_SKIPS) return this.#continue();
      await this.#inspector.send(this.#scripts.isUsers(top) ? 'Debugger.stepOver' : 'Debugger.stepOut');
      return;
    }
    const users = callFrames.filter((frame) => this.#scripts.isUsers(frame));
    // One line may have several statements, of which the kernel has added some.
    if (step !== undefined && !isBreakpoint && !isException && step.kind !== 'stepOut' && step.skips < MAX_SKIPS) {
      const isSame = (await this.#lineOf(users)) === step.from;
      if (this.#stop !== paused) return;
      if (isSame) {
        step.skips += 1;
        await this.#inspector.send(`Debugger.${step.kind}`);
        return;
      }
    }
    this.#step = undefined;
    this.#frames = users.map((frame) => ({ id: this.#number(), frame }));
    const why = isException ? 'exception' : isBreakpoint || step === undefined ? 'breakpoint' : 'step';
    const thrown = isException ? (data as { description?: string } | undefined)?.description?.split('\n')[0] : undefined;
    this.#events.stopped(this, why, thrown);
  }

  /** Whether a step has gone over the end of its cell, and would stop in the next one. Which of several cells is stepped through is not known. */
  #hasEnded(cells: readonly string[]): boolean {
    const running = this.#events.running();
    return cells.length > 0 && !cells.some((cell) => running.includes(cell));
  }

  /** Tells lines apart: the one of the innermost frame, and how deep it is. */
  async #lineOf(frames: readonly Debugger.CallFrame[]): Promise<string> {
    const top = frames[0];
    if (top === undefined) return '';
    const { path, line } = await this.#scripts.place(top.location);
    return `${frames.length} ${top.functionName} ${path} ${line}`;
  }

  /** Ends the code that is stopped. */
  #end(): void {
    if (this.#stop === undefined) return;
    this.#stop = undefined;
    this.#ending = this.#endStopped().catch(() => {});
  }

  /** If the code must not be ended at this place, it continues. */
  async #endStopped(): Promise<void> {
    if (this.#unwind === undefined) return void (await this.#inspector.send('Debugger.resume'));
    const options = { expression: this.#unwind, returnByValue: true, silent: true };
    const ask = (): Promise<boolean> =>
      this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', options).then(({ result }) => result.value === true);
    // A termination that came too late for the client's expression hits this one.
    const terminateOnResume = await ask().catch(() => ask().catch(() => false));
    await this.#inspector.send('Debugger.resume', { terminateOnResume });
  }

  async #continue(): Promise<void> {
    this.#step = undefined;
    await this.#inspector.send('Debugger.resume');
  }

  #forget(): void {
    this.#frames = [];
    this.#values.clear();
  }

  #requirePause(): void {
    if (!this.isPaused) throw new DebugRefusal('the code is not stopped');
  }

  #frame(id: number): Debugger.CallFrame {
    const found = this.#frames.find((one) => one.id === id);
    if (found === undefined) throw new DebugRefusal(`there is no frame with the number ${id} any more`);
    return found.frame;
  }
}
