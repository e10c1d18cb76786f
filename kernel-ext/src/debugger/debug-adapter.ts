import type { EvaluationMarks } from './client-expressions.js';
import { DebugRuns, type ReplicaDoor } from './debug-runs.js';
import {
  breakpointsOf,
  type DapEvent,
  type DapRequest,
  type DapResponse,
  DebugRefusal,
  filtersOf,
  numberOf,
  pathOf,
  readRequest,
  textOf,
} from './protocol.js';
import { pathOfCode, SOURCE_NAMES } from './sources.js';
import type { Variable } from './values.js';
import { VIEW } from './view.js';

/** Clients such as JupyterLab know one thread. A stop in a replica is one of this thread, too. */
const THREAD = { id: 1, name: 'MainThread' };
const ALL = 'all';
const UNCAUGHT = 'uncaught';
/** The client that shows a variable's type in place of its value, unless the type is one of Python's or there is none. */
const TYPE_HIDES_VALUE = 'jupyterlab';

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsExceptionInfoRequest: false,
  supportsSetVariable: false,
  exceptionBreakpointFilters: [
    {
      filter: UNCAUGHT,
      label: 'Exceptions that nobody catches',
      default: false,
      description: 'Stops when an exception is thrown that ends its cell, or a callback.',
    },
    {
      filter: ALL,
      label: 'All exceptions of the notebook',
      default: false,
      description: 'Stops when the code of a cell throws.',
    },
  ],
};

export interface DebugAdapterDeps {
  /** Publishes a `debug_event`. */
  event(event: DapEvent): void;
  /** The headers (JSON) of the running cells. */
  running(): readonly string[];
  /** An expression for the main thread, which must be evaluated before stopped code is terminated. It gives whether that is allowed. */
  readonly unwind: string;
  readonly evaluation: EvaluationMarks;
  /** A debugger was attached, or it has gone. @param which counted from 1; 0 if it has gone */
  attached(which: number): void;
}

type Handler = (request: DapRequest) => Promise<object> | object;

/** Answers Jupyter's `debug_request`s, in the control thread. */
export class DebugAdapter {
  readonly #deps: DebugAdapterDeps;
  #runs: DebugRuns | undefined;
  /** The end of the attachment before. */
  #closed: Promise<void> = Promise.resolve();
  #sequence = 0;
  #attachments = 0;
  #hasTypes = true;
  readonly #handlers: Readonly<Record<string, Handler>> = {
    debugInfo: () => this.#info(),
    initialize: ({ arguments: { clientID } }) => {
      this.#hasTypes = clientID !== TYPE_HIDES_VALUE;
      return CAPABILITIES;
    },
    attach: () => this.#attach(),
    dumpCell: (request) => this.#dump(textOf(request, 'code')),
    setBreakpoints: async (request) => {
      const breakpoints = await this.#attached.setBreakpoints(pathOf(request), breakpointsOf(request));
      return { breakpoints };
    },
    setExceptionBreakpoints: async (request) => {
      const filters = filtersOf(request, [ALL, UNCAUGHT]);
      await this.#attached.pauseOnExceptions(filters.has(ALL) ? 'all' : filters.has(UNCAUGHT) ? 'uncaught' : 'none');
      return {};
    },
    configurationDone: () => ({}),
    threads: () => ({ threads: [THREAD] }),
    stackTrace: async () => {
      const stackFrames = await this.#attached.stackTrace();
      return { stackFrames, totalFrames: stackFrames.length };
    },
    scopes: (request) => ({ scopes: this.#attached.scopes(numberOf(request, 'frameId')) }),
    variables: async (request) => this.#listed(await this.#attached.variables(numberOf(request, 'variablesReference'))),
    inspectVariables: async () => this.#listed(this.#runs === undefined ? [] : await this.#runs.names()),
    richInspectVariables: (request) => this.#rich(request),
    evaluate: (request) => this.#evaluate(request),
    source: (request) => this.#source(pathOf(request)),
    modules: () => ({ modules: [], totalModules: 0 }),
    continue: async () => {
      await this.#attached.resume();
      return { allThreadsContinued: true };
    },
    pause: async () => {
      await this.#attached.pause();
      return {};
    },
    next: () => this.#step('stepOver'),
    stepIn: () => this.#step('stepInto'),
    stepOut: () => this.#step('stepOut'),
    disconnect: () => {
      this.close();
      return {};
    },
    terminate: () => {
      this.close();
      return {};
    },
  };

  constructor(deps: DebugAdapterDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async handle(content: Readonly<Record<string, unknown>>): Promise<{ response: DapResponse; after?: () => void }> {
    const request = readRequest(content);
    const common = { type: 'response', seq: ++this.#sequence, request_seq: request.seq, command: request.command } as const;
    try {
      const handler = Object.hasOwn(this.#handlers, request.command) ? this.#handlers[request.command] : undefined;
      if (handler === undefined) {
        throw new DebugRefusal(`${request.command} is not known; known are ${Object.keys(this.#handlers).join(', ')}`);
      }
      const body = await handler(request);
      const isAttach = request.command === 'attach';
      return { response: { ...common, success: true, body }, ...(isAttach && { after: () => this.#event('initialized', {}) }) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { response: { ...common, success: false, message, body: {} } };
    }
  }

  /** A cell was compiled. Resolves when its breakpoints are set; never rejects. */
  async compiled(cell: string): Promise<void> {
    await this.#runs?.compiled(cell).catch(() => {});
  }

  /** Replicas wait for a debugger. Resolves when they have the breakpoints; never rejects. */
  async join(replicas: readonly ReplicaDoor[]): Promise<void> {
    await this.#runs?.join(replicas).catch(() => {});
  }

  /** An interrupt begins: code that is stopped ends, and nothing stops until {@link hold}. Never rejects. */
  async release(): Promise<void> {
    await this.#runs?.release();
  }

  /** The interrupt is done. */
  hold(): void {
    this.#runs?.hold();
  }

  /** Code that is stopped continues. @param atOnce if the process is replaced, so that requests get their replies before */
  close(atOnce = false): void {
    if (this.#runs === undefined) return;
    const wasPaused = this.#runs.isStopped;
    this.#closed = this.#runs.close(atOnce);
    this.#runs = undefined;
    this.#deps.attached(0);
    // A client may show that the code is stopped until it is told otherwise.
    if (wasPaused) this.#continued();
  }

  /** @throws DebugRefusal if no debugger is attached */
  get #attached(): DebugRuns {
    if (this.#runs === undefined) throw new DebugRefusal('no debugger is attached; `attach` comes first');
    return this.#runs;
  }

  #info(): object {
    return {
      ...SOURCE_NAMES,
      isStarted: this.#runs !== undefined,
      breakpoints: this.#runs?.breakpoints() ?? [],
      stoppedThreads: this.#runs?.isStopped === true ? [THREAD.id] : [],
      richRendering: true,
      copyToGlobals: false,
      exceptionPaths: [UNCAUGHT, ALL],
    };
  }

  async #attach(): Promise<object> {
    await this.#closed;
    if (this.#runs !== undefined) return {};
    const runs = new DebugRuns({
      running: () => this.#deps.running(),
      unwind: this.#deps.unwind,
      evaluation: this.#deps.evaluation,
      continued: () => this.#continued(),
      stopped: (reason, text) => {
        this.#event('stopped', { reason, threadId: THREAD.id, allThreadsStopped: true, ...(text !== undefined && { text }) });
      },
    });
    this.#runs = runs;
    await runs.begin();
    this.#deps.attached(++this.#attachments);
    return {};
  }

  #dump(code: string): object {
    return { sourcePath: this.#runs?.sources.dump(code) ?? pathOfCode(code) };
  }

  async #step(kind: 'stepOver' | 'stepInto' | 'stepOut'): Promise<object> {
    await this.#attached.step(kind);
    return {};
  }

  #listed(variables: readonly Variable[]): object {
    return { variables: this.#hasTypes ? variables : variables.map(({ type, ...shown }) => shown) };
  }

  #source(path: string): object {
    const content = this.#attached.sources.source(path);
    if (content === undefined) throw new DebugRefusal(`there is no cell with the path ${path}`);
    return { content };
  }

  async #evaluate({ arguments: { expression, frameId } }: DapRequest): Promise<object> {
    if (typeof expression !== 'string') throw new DebugRefusal('evaluate needs a string `expression`');
    const { text, variable } = await this.#attached.evaluate(expression, typeof frameId === 'number' ? frameId : undefined);
    const { type, variablesReference } = variable;
    return { result: text, type, variablesReference };
  }

  async #rich(request: DapRequest): Promise<object> {
    const { frameId } = request.arguments;
    const name = textOf(request, 'variableName');
    const frame = typeof frameId === 'number' ? frameId : undefined;
    const runs = this.#attached;
    // A replica knows nothing of how the notebook shows values.
    if (!runs.isInMain(frame)) return { data: { 'text/plain': (await runs.evaluate(name, frame)).text }, metadata: {} };
    const { value } = await runs.evaluate(`${VIEW}.shown(${name})`, frame);
    return JSON.parse(value.value as string) as object;
  }

  #continued(): void {
    this.#event('continued', { threadId: THREAD.id, allThreadsContinued: true });
  }

  #event(event: string, body: object): void {
    this.#deps.event({ type: 'event', seq: ++this.#sequence, event, body });
  }
}
