import type { Runtime } from 'node:inspector';
import type { ClientBreakpoint } from './breakpoints.js';
import type { EvaluationMarks } from './client-expressions.js';
import { DebugRun, type DebugRunEvents } from './debug-run.js';
import { InspectorClient } from './inspector-client.js';
import { DebugRefusal, type SourceBreakpoint } from './protocol.js';
import { ReplicaInspector } from './replica-inspector.js';
import { ReplicaScripts } from './replica-scripts.js';
import { Scripts } from './scripts.js';
import type { Sources } from './sources.js';
import type { Variable } from './values.js';

/** A replica that waits for a debugger at a Unix socket. */
export interface ReplicaDoor {
  readonly id: string;
  readonly socket: string;
  /** The first line to send. */
  readonly secret: string;
}

export interface DebugRunsEvents {
  stopped(reason: string, text: string | undefined): void;
  continued(): void;
  /** The headers (JSON) of the running cells. */
  running(): readonly string[];
  /** See {@link DebugAdapterDeps.unwind}. */
  readonly unwind: string;
  readonly evaluation: EvaluationMarks;
}

interface Stop {
  readonly run: DebugRun;
  readonly reason: string;
  readonly text: string | undefined;
}

type Exceptions = 'all' | 'uncaught' | 'none';
type Step = 'stepOver' | 'stepInto' | 'stepOut';

/** How long a step keeps the stops of other processes from the client, so that the next stop it sees is that of the step. */
const STEP_MS = 300;
/** A replica whose main thread is in native code does not answer. Nobody waits for it for longer. */
const REPLICA_MS = 2000;

/**
 * One attached debugger, from `attach` to `disconnect`, in the kernel's main thread and in replicas. Clients know one thread, so they see one stop at a
 * time: if another process stops meanwhile, it waits, and is shown when the first one goes on.
 */
export class DebugRuns {
  readonly #events: DebugRunsEvents;
  readonly #scripts: Scripts;
  readonly #main: DebugRun;
  readonly #replicas = new Set<DebugRun>();
  /** The processes that stand still. */
  #stops: Stop[] = [];
  /** The one that the client sees. */
  #shown: Stop | undefined;
  #stepping: DebugRun | undefined;
  #stepTimer: NodeJS.Timeout | undefined;
  #exceptions: Exceptions = 'none';
  #released = false;
  #closed = false;
  #count = 0;
  readonly #number = (): number => ++this.#count;
  readonly #ofRuns: DebugRunEvents = {
    stopped: (run, reason, text) => this.#onStopped({ run, reason, text }),
    continued: (run) => {
      const at = this.#stops.findIndex((stop) => stop.run === run);
      if (at >= 0) this.#stops.splice(at, 1);
      this.#goesOn(run);
    },
    running: () => this.#events.running(),
  };

  constructor(events: DebugRunsEvents) {
    this.#events = events;
    const inspector = new InspectorClient();
    this.#scripts = new Scripts(inspector);
    const { unwind, evaluation } = events;
    this.#main = new DebugRun({ inspector, scripts: this.#scripts, unwind, evaluation, number: this.#number }, this.#ofRuns);
  }

  /** Whether the client sees stopped code. */
  get isStopped(): boolean {
    return this.#shown !== undefined;
  }

  get sources(): Sources {
    return this.#scripts.sources;
  }

  /** The breakpoints of each source, as in the reply to `debugInfo`. */
  breakpoints(): { source: string; breakpoints: SourceBreakpoint[] }[] {
    return this.#main.breakpoints.list();
  }

  async begin(): Promise<void> {
    await this.#main.begin();
    await this.sources.learn();
  }

  /** A cell was compiled. Resolves when its breakpoints are set. */
  async compiled(cell: string): Promise<void> {
    const script = await this.#scripts.compiled(cell);
    if (script !== undefined) await this.#main.breakpoints.compiled(script.id, script.path);
  }

  /** Attaches to replicas. Resolves when they have the breakpoints. Never rejects. */
  async join(doors: readonly ReplicaDoor[]): Promise<void> {
    if (doors.length === 0) return;
    const joining = this.sources.learn().then(() => Promise.all(doors.map((door) => this.#join(door).catch(() => {}))));
    await soon(joining.catch(() => {}));
  }

  async setBreakpoints(path: string, wanted: readonly SourceBreakpoint[]): Promise<ClientBreakpoint[]> {
    const set = await this.#main.breakpoints.replace(path, wanted);
    const resolved = wanted.map((one, at) => ({ ...one, line: set[at]?.line ?? one.line }));
    await soon(this.#inReplicas(({ breakpoints }) => breakpoints.replace(path, resolved)));
    return set;
  }

  async pauseOnExceptions(state: Exceptions): Promise<void> {
    this.#exceptions = state;
    await this.#main.pauseOnExceptions(state);
    await soon(this.#inReplicas((run) => run.pauseOnExceptions(state)));
  }

  pause(): Promise<void> {
    return this.#main.pause();
  }

  resume(): Promise<void> {
    return this.#now.resume();
  }

  async step(kind: Step): Promise<void> {
    const run = this.#now;
    if (!run.isPaused) return run.step(kind);
    this.#stepping = run;
    clearTimeout(this.#stepTimer);
    this.#stepTimer = setTimeout(() => {
      this.#endStep();
      this.#show();
    }, STEP_MS);
    await run.step(kind);
  }

  stackTrace(): Promise<object[]> {
    return this.#now.stackTrace();
  }

  scopes(frameId: number): object[] {
    return this.#withFrame(frameId).scopes(frameId);
  }

  variables(reference: number): Promise<Variable[]> {
    const run = this.#all.find((one) => one.hasValue(reference)) ?? this.#main;
    return run.variables(reference);
  }

  /** The names of the notebook, whether the code is paused or not. */
  names(): Promise<Variable[]> {
    return this.#main.names();
  }

  /** @throws DebugRefusal with what the expression threw */
  async evaluate(
    expression: string,
    frameId: number | undefined,
  ): Promise<{ value: Runtime.RemoteObject; text: string; variable: Variable }> {
    const run = frameId === undefined ? this.#now : this.#withFrame(frameId);
    const { value, text } = await run.evaluate(expression, frameId);
    return { value, text, variable: run.variable('', value) };
  }

  /** Whether a frame is one of the kernel's main thread, which can show a value as below a cell. Without a frame, that where the code stands. */
  isInMain(frameId: number | undefined): boolean {
    return (frameId === undefined ? this.#now : this.#withFrame(frameId)) === this.#main;
  }

  /** An interrupt begins: stopped code of the cell ends, that of replicas goes on, and nothing stops until {@link hold}. Never rejects. */
  async release(): Promise<void> {
    this.#released = true;
    await Promise.all(this.#all.map((run) => run.release()));
  }

  /** The interrupt is done. */
  hold(): void {
    this.#released = false;
    for (const run of this.#all) run.hold();
    this.#show();
  }

  /** Resolves when the kernel's main thread is not debugged any more. @param atOnce without waiting for the client's expression */
  close(atOnce: boolean): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#stepTimer);
    this.#stops = [];
    this.#shown = undefined;
    for (const run of this.#replicas) void run.close(atOnce);
    return this.#main.close(atOnce);
  }

  get #all(): DebugRun[] {
    return [this.#main, ...this.#replicas];
  }

  /** The process that the client looks at. */
  get #now(): DebugRun {
    return this.#shown?.run ?? this.#main;
  }

  /** Never rejects: a replica may end at any moment. */
  async #inReplicas(work: (run: DebugRun) => Promise<unknown>): Promise<void> {
    await Promise.all([...this.#replicas].map((run) => work(run).catch(() => {})));
  }

  #withFrame(id: number): DebugRun {
    const run = this.#all.find((one) => one.hasFrame(id));
    if (run === undefined) throw new DebugRefusal(`there is no frame with the number ${id} any more`);
    return run;
  }

  async #join(door: ReplicaDoor): Promise<void> {
    const inspector = await ReplicaInspector.connect(door);
    if (this.#closed) return inspector.close();
    const scripts = new ReplicaScripts(inspector, this.sources);
    // The call that is stepped through may be of no cell, or of one that does not wait for it.
    const run = new DebugRun({ inspector, scripts, number: this.#number }, { ...this.#ofRuns, running: () => [] });
    this.#replicas.add(run);
    void inspector.closed.then(() => {
      this.#replicas.delete(run);
      this.#stops = this.#stops.filter((stop) => stop.run !== run);
      if (this.#stepping === run) this.#endStep();
      this.#goesOn(run);
    });
    await run.begin();
    await run.pauseOnExceptions(this.#exceptions);
    if (this.#released) await run.release();
    const wanted = await this.#main.breakpoints.resolved();
    await Promise.all(wanted.map(({ source, breakpoints }) => run.breakpoints.replace(source, breakpoints)));
  }

  #onStopped(stop: Stop): void {
    if (this.#closed) return;
    if (stop.run === this.#stepping) {
      this.#endStep();
      this.#stops.unshift(stop);
    } else this.#stops.push(stop);
    this.#show();
  }

  /** The process does not stand still any more. */
  #goesOn(run: DebugRun): void {
    if (this.#shown?.run === run) {
      this.#shown = undefined;
      this.#events.continued();
    }
    this.#show();
  }

  #endStep(): void {
    clearTimeout(this.#stepTimer);
    this.#stepping = undefined;
  }

  /** Shows the first stop, if the client sees none and waits for none, and no interrupt ends them all. */
  #show(): void {
    if (this.#shown !== undefined || this.#stepping !== undefined || this.#released) return;
    this.#shown = this.#stops[0];
    if (this.#shown !== undefined) this.#events.stopped(this.#shown.reason, this.#shown.text);
  }
}

async function soon(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, REPLICA_MS);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
