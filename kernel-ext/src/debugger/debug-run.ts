import type { Debugger, Runtime } from 'node:inspector';
import { Breakpoints } from './breakpoints.js';
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

/** An expression of the client may never end, and the inspector then answers nothing else. An interrupt ends one that is marked. */
export interface EvaluationMarks {
  /** Gives an expression that must be evaluated before the client's. @param isStopped whether the code stands at a breakpoint */
  begin(isStopped: boolean): string;
  /** The client's expression has ended. */
  end(): void;
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
/** How long an expression may take if no interrupt can end it. */
const EXPRESSION_MS = 5000;

/** An attached debugger in one process. */
export class DebugRun {
  readonly #inspector: Inspector;
  readonly #scripts: UserScripts;
  readonly #values: Values;
  readonly #named: NamedExpressions;
  readonly #unwind: string | undefined;
  readonly #evaluation: EvaluationMarks | undefined;
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
  /** The client's last expression in stopped code, and the last one in code that is not stopped, which may itself come to a breakpoint. */
  readonly #evaluated: Record<'stopped' | 'running', Promise<unknown>> = {
    stopped: Promise.resolve(),
    running: Promise.resolve(),
  };
  #closed = false;

  constructor({ inspector, scripts, unwind, evaluation, number }: DebuggedProcess, events: DebugRunEvents) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#unwind = unwind;
    this.#evaluation = evaluation;
    this.#number = number;
    this.#values = new Values(inspector, number);
    this.#named = new NamedExpressions(inspector);
    this.breakpoints = new Breakpoints(inspector, scripts, (condition) => this.#named.condition(condition));
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

  /** Resolves when the session has ended. It outlasts the client's expression, because only as long as that has its mark can an interrupt end it. */
  async close(): Promise<void> {
    this.#closed = true;
    // Otherwise the code that stands may be that of the expression.
    const running = this.isPaused ? undefined : this.#evaluated.running;
    this.#forget();
    if (this.#evaluation !== undefined) await Promise.all([this.#evaluated.stopped, running]);
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

  /** One at a time: the end of an expression takes away the mark of the one that runs. @throws DebugRefusal with what the expression threw */
  async evaluate(expression: string, frameId: number | undefined): Promise<{ value: Runtime.RemoteObject; text: string }> {
    const frame = frameId === undefined ? this.#frames[0]?.frame : this.#frame(frameId);
    const kind = frame === undefined ? 'running' : 'stopped';
    const evaluated = this.#evaluated[kind].then(() => this.#evaluate(expression, frame ?? this.#frames[0]?.frame));
    this.#evaluated[kind] = evaluated.catch(() => {});
    const { result, exceptionDetails } = await evaluated;
    if (exceptionDetails !== undefined) {
      throw new DebugRefusal(exceptionDetails.exception?.description?.split('\n')[0] ?? exceptionDetails.text);
    }
    return { value: result, text: textOfValue(result) };
  }

  async #evaluate(expression: string, frame: Debugger.CallFrame | undefined): Promise<Runtime.EvaluateReturnType> {
    const named = await this.#named.expression(expression, frame);
    // It may have continued meanwhile. An expression that is sent after an interrupt would run before the code ends, and nothing would end the expression.
    if (frame !== undefined && this.#frames.every((one) => one.frame !== frame))
      throw new DebugRefusal('the code is not stopped any more');
    if (this.#closed) throw new DebugRefusal('the debugger has gone');
    if (this.#released) throw new DebugRefusal('an interrupt came before the expression');
    const marks = this.#evaluation;
    const timeout = marks === undefined ? EXPRESSION_MS : undefined;
    const options = { expression: named, generatePreview: true, silent: true, ...(timeout !== undefined && { timeout }) };
    if (marks !== undefined) {
      const expression = marks.begin(frame !== undefined);
      void this.#inspector.send('Runtime.evaluate', { expression, silent: true }).catch(() => {});
    }
    try {
      if (frame === undefined) return await this.#inspector.send('Runtime.evaluate', options);
      return await this.#inspector.send('Debugger.evaluateOnCallFrame', { ...options, callFrameId: frame.callFrameId });
    } catch (error) {
      if (timeout === undefined || !isTermination(error)) throw error;
      throw new DebugRefusal(`the expression has not ended within ${timeout / 1000} s`);
    } finally {
      marks?.end();
    }
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

const isTermination = (error: unknown): boolean => error instanceof Error && error.message.includes('Execution was terminated');
