import { stripVTControlCharacters } from 'node:util';
import { inOwnTurn, nextTurn, type ShellRequest } from '../control/index.js';
import { colorsUnwanted } from '../display/index.js';
import type { Outcome, Output, Session } from '../session/index.js';
import { type Content, type ExecuteRequest, readExecute } from '../wire/index.js';
import type { History } from './history.js';
import { failedWith, type InterruptibleCells } from './interruptible-cells.js';
import { IopubOutput, type Publisher } from './iopub-output.js';

export interface ExecutionDeps {
  readonly publisher: Publisher;
  readonly runner: InterruptibleCells;
  readonly history: History;
  /** How many cells were stored, of all queues. */
  readonly counter: { count: number };
  session(): Promise<Session>;
  /** Runs work that runs no user code, and sends all that it publishes and replies as one message. */
  together(work: () => void): void;
  /** A cell is about to run. @param parent header of its request, as JSON */
  next(code: string, parent: string): void;
  /** A cell has ended, and its client knows it. */
  ended(): void;
  reply(request: ShellRequest, content: Content): void;
  ask(request: ShellRequest, prompt: string, password: boolean, signal?: AbortSignal): Promise<string>;
}

const SILENT_OUTPUT: Output = { stream() {}, display() {}, clear() {} };

/**
 * "Run all" sends its cells within a few milliseconds, and the first may fail faster than that. Its reply is delayed until this time after its request, so
 * that the others are known to belong to the same batch.
 */
const BATCH_MS = 25;

interface Begun {
  /** The number of the cell, or of the last one that was stored. */
  readonly count: number;
  /** Undefined if there is nothing to run. */
  readonly output?: IopubOutput;
}

interface Waiting {
  readonly request: ShellRequest;
  /** The `performance.now()` at which it arrived. */
  readonly at: number;
}

/** Runs `execute_request`s one after the other: those of the notebook, or those of a subshell. */
export class ExecutionQueue {
  readonly #deps: ExecutionDeps;
  #waiting: Waiting[] = [];
  #running: { parent: string } | undefined;

  constructor(deps: ExecutionDeps) {
    this.#deps = deps;
  }

  /** The header (JSON) of the running request. */
  get running(): string | undefined {
    return this.#running?.parent;
  }

  push(request: ShellRequest): void {
    this.#waiting.push({ request, at: performance.now() });
    if (!this.#running) void this.#drain();
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { request, at } = next;
      const parent = request.headerJson;
      this.#running = { parent };
      const dropped = await this.#execute(request, parent, at).catch((error: unknown) => this.#fail(request, parent, at, error));
      for (const { request: unrun } of dropped) this.#abort(unrun);
      this.#running = undefined;
      this.#deps.ended();
    }
  }

  /** The requests that wait do not run. @param more requests after them, which do not run either @returns how many */
  drop(more: readonly ShellRequest[]): number {
    const dropped = [...this.#waiting.splice(0).map(({ request }) => request), ...more];
    for (const request of dropped) this.#abort(request);
    return dropped.length;
  }

  /** @returns the waiting requests that must not run */
  async #execute(request: ShellRequest, parent: string, at: number): Promise<readonly Waiting[]> {
    const { publisher, together } = this.#deps;
    const content = readExecute(request.content);
    let begun: Begun = { count: this.#deps.counter.count };
    together(() => {
      publisher.publish('status', { execution_state: 'busy' }, parent);
      if (content) begun = this.#begin(request, content, parent);
    });
    const { output, count: execution_count } = begun;
    const outcome: Outcome = content ? await this.#run(content, begun) : noCode();
    let dropped: readonly Waiting[] = [];
    const reply: Content = { execution_count, user_expressions: {}, payload: output?.payload ?? [] };
    if (outcome.status === 'ok') {
      const expressions = content?.userExpressions ?? {};
      const areAsked = Object.keys(expressions).length > 0;
      if (areAsked) {
        this.#publishResult(outcome, content, execution_count, parent);
        reply.user_expressions = await this.#evaluate(expressions, parent);
      }
      together(() => {
        if (!areAsked) this.#publishResult(outcome, content, execution_count, parent);
        this.#deps.reply(request, { status: 'ok', ...reply });
        publisher.publish('status', { execution_state: 'idle' }, parent);
      });
    } else {
      const { ename, evalue, traceback } = outcome;
      publisher.publish('error', { ename, evalue, traceback }, parent);
      // The sender of a request that has arrived before the reply could not know of the error. Later requests run.
      await settle(at);
      // Before the reply is sent, because the client's next request may come while it is still being sent.
      if (content?.stopOnError ?? true) dropped = this.#waiting.splice(0);
      together(() => {
        this.#deps.reply(request, { status: 'error', ename, evalue, traceback, ...reply });
        publisher.publish('status', { execution_state: 'idle' }, parent);
      });
    }
    return dropped;
  }

  /** A cell whose outcome could not be sent: its client gets an answer all the same, as of a cell that failed. */
  async #fail(request: ShellRequest, parent: string, at: number, error: unknown): Promise<readonly Waiting[]> {
    const { publisher, reply } = this.#deps;
    const { ename, evalue, traceback } = failedWith(error);
    publisher.publish('error', { ename, evalue, traceback }, parent);
    await settle(at);
    const dropped = (readExecute(request.content)?.stopOnError ?? true) ? this.#waiting.splice(0) : [];
    const execution_count = this.#deps.counter.count;
    reply(request, { status: 'error', ename, evalue, traceback, execution_count, user_expressions: {}, payload: [] });
    publisher.publish('status', { execution_state: 'idle' }, parent);
    return dropped;
  }

  /** Tells everybody that a cell begins. */
  #begin(request: ShellRequest, content: ExecuteRequest, parent: string): Begun {
    const { publisher, history, counter } = this.#deps;
    const { code, silent } = content;
    const blank = code.trim() === '';
    if (content.storeHistory && !blank) history.add(++counter.count, code);
    const { count } = counter;
    if (!silent) publisher.publish('execute_input', { code, execution_count: count }, parent);
    if (blank) return { count };
    this.#deps.next(code, parent);
    const colors = colorsFor(request);
    const output = new IopubOutput(publisher, parent, inOwnTurn, {
      ...(content.allowStdin && {
        input: (prompt: string, password: boolean, signal?: AbortSignal) => this.#deps.ask(request, prompt, password, signal),
      }),
      ...(colors && { colors }),
    });
    return { count, output };
  }

  async #run({ code, silent, storeHistory }: ExecuteRequest, { output, count }: Begun): Promise<Outcome> {
    if (output === undefined) return { status: 'ok' };
    // A cell that is not stored in the history has no number of its own. 0 tells it from the others.
    const executionCount = storeHistory ? count : 0;
    const outcome = await this.#deps.runner.run(this.#deps.session(), code, { executionCount, silent, output });
    output.flush();
    return outcome;
  }

  #publishResult(outcome: Outcome, content: ExecuteRequest | undefined, execution_count: number, parent: string): void {
    if (outcome.status === 'error' || !outcome.result || content?.silent) return;
    this.#deps.publisher.publish('execute_result', { execution_count, ...outcome.result }, parent);
    const text = outcome.result.data['text/plain'];
    if (content?.storeHistory && typeof text === 'string')
      this.#deps.history.setOutput(execution_count, stripVTControlCharacters(text));
  }

  async #evaluate(expressions: Readonly<Record<string, string>>, request: string): Promise<Content> {
    const values: Content = {};
    for (const [name, code] of Object.entries(expressions)) {
      const options = { executionCount: 0, silent: false, output: { ...SILENT_OUTPUT, request }, isAside: true };
      const outcome = await this.#deps.runner.run(this.#deps.session(), code, options);
      if (outcome.status === 'ok') values[name] = { status: 'ok', ...(outcome.result ?? { data: {}, metadata: {} }) };
      else {
        const { status, ename, evalue, traceback } = outcome;
        values[name] = { status, ename, evalue, traceback };
      }
    }
    return values;
  }

  #abort(request: ShellRequest): void {
    const { publisher } = this.#deps;
    const parent = request.headerJson;
    publisher.publish('status', { execution_state: 'busy' }, parent);
    this.#deps.reply(request, {
      status: 'aborted',
      execution_count: this.#deps.counter.count,
      user_expressions: {},
      payload: [],
    });
    publisher.publish('status', { execution_state: 'idle' }, parent);
  }
}

/**
 * Every client of ipykernel can show coloured tracebacks. Only front ends with cells, whose requests name the cell, get results in colours. A program
 * (nbclient, papermill, a test) that compares results gets them without colours.
 */
function colorsFor({ metadata }: ShellRequest): 'errors' | 'all' | undefined {
  if (colorsUnwanted()) return undefined;
  return typeof metadata.cellId === 'string' ? 'all' : 'errors';
}

/** Waits until the batch of a request has been read from the socket. */
async function settle(at: number): Promise<void> {
  const wait = BATCH_MS - (performance.now() - at);
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  // Synchronous user code may have blocked the reading of the socket until now.
  await nextTurn();
  await nextTurn();
}

function noCode(): Outcome {
  const evalue = 'an execute_request needs a string `code`';
  return { status: 'error', ename: 'BadRequest', evalue, traceback: [`BadRequest: ${evalue}`] };
}
