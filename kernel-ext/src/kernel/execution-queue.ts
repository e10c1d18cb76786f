import { stripVTControlCharacters } from 'node:util';
import { inOwnTurn, nextTurn, type ShellRequest } from '../control/index.js';
import { colorsUnwanted } from '../display/index.js';
import type { Outcome, Output, Session } from '../session/index.js';
import { type Content, type ExecuteRequest, readExecute } from '../wire/index.js';
import type { CellRunner } from './cell-runner.js';
import type { History } from './history.js';
import { IopubOutput, type Publisher } from './iopub-output.js';

export interface ExecutionDeps {
  readonly publisher: Publisher;
  readonly runner: CellRunner;
  readonly history: History;
  session(): Promise<Session>;
  /** A cell is about to run. @param parent header of its request, as JSON */
  next(code: string, parent: string): void;
  reply(request: ShellRequest, content: Content): void;
  ask(request: ShellRequest, prompt: string, password: boolean, signal?: AbortSignal): Promise<string>;
}

const SILENT_OUTPUT: Output = { stream() {}, display() {}, clear() {} };

/**
 * "Run all" sends its cells within a few milliseconds, and the first may fail faster than that. Its reply is delayed until this time after its request, so
 * that the others are known to belong to the same batch.
 */
const BATCH_MS = 25;

interface Waiting {
  readonly request: ShellRequest;
  /** The `performance.now()` at which it arrived. */
  readonly at: number;
}

/** Runs `execute_request`s one after the other. */
export class ExecutionQueue {
  readonly #deps: ExecutionDeps;
  #waiting: Waiting[] = [];
  #count = 0;
  #running: { parent: string } | undefined;
  /** What the reply to the cell that has ended will carry. */
  #payload: object[] = [];

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
      const dropped = await this.#execute(request, parent, at);
      for (const { request: unrun } of dropped) this.#abort(unrun);
      this.#running = undefined;
    }
  }

  /** @returns the waiting requests that must not run */
  async #execute(request: ShellRequest, parent: string, at: number): Promise<readonly Waiting[]> {
    const { publisher, history } = this.#deps;
    publisher.publish('status', { execution_state: 'busy' }, parent);
    const content = readExecute(request.content);
    const outcome: Outcome = content ? await this.#run(request, content, parent) : noCode();
    const execution_count = this.#count;
    let dropped: readonly Waiting[] = [];
    const reply: Content = { execution_count, user_expressions: {}, payload: this.#payload.splice(0) };
    if (outcome.status === 'ok') {
      if (outcome.result && !content?.silent) {
        publisher.publish('execute_result', { execution_count, ...outcome.result }, parent);
        const text = outcome.result.data['text/plain'];
        if (content?.storeHistory && typeof text === 'string') history.setOutput(execution_count, stripVTControlCharacters(text));
      }
      if (content) reply.user_expressions = await this.#evaluate(content.userExpressions);
      this.#deps.reply(request, { status: 'ok', ...reply });
    } else {
      const { ename, evalue, traceback } = outcome;
      publisher.publish('error', { ename, evalue, traceback }, parent);
      // The sender of a request that has arrived before the reply could not know of the error. Later requests run.
      await settle(at);
      // Before the reply is sent, because the client's next request may come while it is still being sent.
      if (content?.stopOnError ?? true) dropped = this.#waiting.splice(0);
      this.#deps.reply(request, { status: 'error', ename, evalue, traceback, ...reply });
    }
    publisher.publish('status', { execution_state: 'idle' }, parent);
    return dropped;
  }

  async #run(request: ShellRequest, content: ExecuteRequest, parent: string): Promise<Outcome> {
    const { publisher, history, runner } = this.#deps;
    const { code, silent } = content;
    const blank = code.trim() === '';
    if (content.storeHistory && !blank) history.add(++this.#count, code);
    if (!silent) publisher.publish('execute_input', { code, execution_count: this.#count }, parent);
    if (blank) return { status: 'ok' };
    const colors = colorsFor(request);
    const output = new IopubOutput(publisher, parent, inOwnTurn, {
      ...(content.allowStdin && {
        input: (prompt: string, password: boolean, signal?: AbortSignal) => this.#deps.ask(request, prompt, password, signal),
      }),
      ...(colors && { colors }),
    });
    // A cell that is not stored in the history has no number of its own. 0 tells it from the others.
    const executionCount = content.storeHistory ? this.#count : 0;
    this.#deps.next(code, parent);
    const outcome = await runner.run(this.#deps.session(), code, { executionCount, silent, output });
    output.flush();
    this.#payload = output.payload;
    return outcome;
  }

  async #evaluate(expressions: Readonly<Record<string, string>>): Promise<Content> {
    const values: Content = {};
    for (const [name, code] of Object.entries(expressions)) {
      const options = { executionCount: 0, silent: false, output: SILENT_OUTPUT };
      const outcome = await this.#deps.runner.run(this.#deps.session(), code, options);
      values[name] = outcome.status === 'ok' ? { status: 'ok', ...(outcome.result ?? { data: {}, metadata: {} }) } : outcome;
    }
    return values;
  }

  #abort(request: ShellRequest): void {
    const { publisher } = this.#deps;
    const parent = request.headerJson;
    publisher.publish('status', { execution_state: 'busy' }, parent);
    this.#deps.reply(request, { status: 'aborted', execution_count: this.#count, user_expressions: {}, payload: [] });
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
