import type { Debugger, Runtime } from 'node:inspector';
import { Breakpoints } from './breakpoints.js';
import type { Inspector } from './inspector-client.js';
import { DebugRefusal } from './protocol.js';
import { BLACKBOXED, type UserScripts } from './scripts.js';
import { textOfValue, Values, type Variable } from './values.js';
import { VIEW } from './view.js';

type Paused = Debugger.PausedEventDataType;
type Step = 'stepOver' | 'stepInto' | 'stepOut';

export interface DebugRunEvents {
  stopped(run: DebugRun, reason: string, text: string | undefined): void;
  continued(run: DebugRun): void;
  /** The header (JSON) of the running cell. */
  running(): string | undefined;
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
  /** Gives numbers for frames and values, each only once in all processes. */
  readonly number: () => number;
}

interface Frame {
  readonly id: number;
  readonly frame: Debugger.CallFrame;
}

const LOCAL = new Set<string>(['local', 'block', 'catch', 'with', 'eval']);
const CLOSURE = new Set<string>(['closure', 'module']);
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;
/** How often in a row a step goes on because it came to code that is not the user's. */
const MAX_SKIPS = 200;

/** An attached debugger in one process. */
export class DebugRun {
  readonly #inspector: Inspector;
  readonly #scripts: UserScripts;
  readonly #values: Values;
  readonly #unwind: string | undefined;
  readonly #number: () => number;
  readonly breakpoints: Breakpoints;
  readonly #events: DebugRunEvents;
  #frames: Frame[] = [];
  #step: { readonly kind: Step; readonly cell: string | null; readonly from: string; skips: number } | undefined;
  /** The stop at which the inspector stands, whether the client was told of it or not. */
  #stop: Paused | undefined;
  /** While an interrupt ends the cell, nothing stops it. */
  #released = false;

  constructor({ inspector, scripts, unwind, number }: DebuggedProcess, events: DebugRunEvents) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#unwind = unwind;
    this.#number = number;
    this.#values = new Values(inspector, number);
    this.breakpoints = new Breakpoints(inspector, scripts, (condition) => this.#conditionWithNames(condition));
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
    this.#step = { kind, cell: this.#events.running() ?? null, from, skips: 0 };
    this.#forget();
    await this.#inspector.send(`Debugger.${kind}`);
    this.#events.continued(this);
  }

  /** Code that is stopped ends, and nothing stops until {@link hold}. Never rejects. */
  async release(): Promise<void> {
    this.#released = true;
    this.#step = undefined;
    const wasTold = this.isPaused;
    this.#forget();
    void this.#inspector.send('Debugger.setSkipAllPauses', { skip: true }).catch(() => {});
    const ending = this.#end().catch(() => {});
    // The cell may end before another process has answered.
    if (this.#unwind !== undefined) await ending;
    if (wasTold) this.#events.continued(this);
  }

  hold(): void {
    this.#released = false;
    void this.#inspector.send('Debugger.setSkipAllPauses', { skip: false }).catch(() => {});
  }

  close(): void {
    this.#forget();
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
    const options = { expression: await this.#withNames(expression, frame), generatePreview: true, silent: true };
    // It may have continued meanwhile. An expression that is sent after an interrupt would run before the code ends, and nothing would end the expression.
    if (frame !== undefined && this.#frames.every((one) => one.frame !== frame))
      throw new DebugRefusal('the code is not stopped any more');
    const { result, exceptionDetails } =
      frame === undefined
        ? await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', options)
        : await this.#inspector.send<Debugger.EvaluateOnCallFrameReturnType>('Debugger.evaluateOnCallFrame', {
            ...options,
            callFrameId: frame.callFrameId,
          });
    if (exceptionDetails !== undefined) {
      throw new DebugRefusal(exceptionDetails.exception?.description?.split('\n')[0] ?? exceptionDetails.text);
    }
    return { value: result, text: textOfValue(result) };
  }

  variable(name: string, value: Runtime.RemoteObject) {
    return this.#values.variable(name, value);
  }

  /**
   * The names of earlier cells are no variables of the frame: those in the expression that the frame does not have become variables around it. What it
   * assigns to them, the notebook's names get too.
   */
  async #withNames(expression: string, frame: Debugger.CallFrame | undefined): Promise<string> {
    let used = await this.#known([...new Set(expression.match(WORD))]);
    for (const { type, object } of frame?.scopeChain ?? []) {
      if (used.length === 0) break;
      if ((LOCAL.has(type) || CLOSURE.has(type)) && object.objectId !== undefined)
        used = await this.#missing(object.objectId, used);
    }
    if (used.length === 0) return expression;
    const names = used.join(', ');
    // A line break ends a comment at the end of the expression.
    return `((__nbs_names) => { let { ${names} } = __nbs_names; try { return (${expression}\n); } finally { ${VIEW}.assign(__nbs_names, { ${names} }); } })(${VIEW}.pick(${JSON.stringify(used)}))`;
  }

  /** The frame is not known yet, so the frame's own variables are tried first. Names that the notebook gets later are not found. */
  async #conditionWithNames(condition: string): Promise<string> {
    const used = await this.#known([...new Set(condition.match(WORD))]);
    if (used.length === 0) return condition;
    const values = used.map((name) => {
      const own = `${VIEW}.pick(['${name}'])['${name}']`;
      const isGlobal = `'${name}' in globalThis && globalThis['${name}'] === ${name}`;
      return `get ${name}() { try { return ${isGlobal} ? ${own} : ${name}; } catch { return ${own}; } }`;
    });
    return `(({ ${used.join(', ')} }) => (${condition}\n))({ ${values.join(', ')} })`;
  }

  /** Those of the words that are names of the notebook. */
  async #known(words: readonly string[]): Promise<string[]> {
    if (words.length === 0) return [];
    const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: `${VIEW}?.known(${JSON.stringify(words)})`,
      returnByValue: true,
      silent: true,
    });
    return (result.value as string[] | undefined) ?? [];
  }

  /** Those of the names that a scope does not have. */
  async #missing(scope: string, names: readonly string[]): Promise<string[]> {
    const { result } = await this.#inspector.send<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
      objectId: scope,
      functionDeclaration: 'function (names) { return names.filter((name) => !Object.hasOwn(this, name)); }',
      arguments: [{ value: names }],
      returnByValue: true,
      silent: true,
    });
    return result.value as string[];
  }

  async #onPaused(paused: Paused): Promise<void> {
    const { callFrames, reason, hitBreakpoints = [], data } = paused;
    const top = callFrames[0];
    const isBreakpoint = hitBreakpoints.length > 0;
    const isException = reason === 'exception' || reason === 'promiseRejection';
    const step = this.#step;
    // A step over the end of a cell would stop in the next one.
    const isLate = step !== undefined && !isBreakpoint && !isException && step.cell !== (this.#events.running() ?? null);
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

  /** Tells lines apart: the one of the innermost frame, and how deep it is. */
  async #lineOf(frames: readonly Debugger.CallFrame[]): Promise<string> {
    const top = frames[0];
    if (top === undefined) return '';
    const { path, line } = await this.#scripts.place(top.location);
    return `${frames.length} ${top.functionName} ${path} ${line}`;
  }

  /** Ends the code that is stopped. If it must not be ended at this place, it continues. */
  async #end(): Promise<void> {
    if (this.#stop === undefined) return;
    this.#stop = undefined;
    if (this.#unwind === undefined) return void (await this.#inspector.send('Debugger.resume'));
    const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: this.#unwind,
      returnByValue: true,
      silent: true,
    });
    await this.#inspector.send('Debugger.resume', { terminateOnResume: result.value === true });
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
