import { AsyncLocalStorage } from 'node:async_hooks';
import { format } from 'node:util';
import { inOwnTurn, type ShellRequest } from '../control/index.js';
import { onComm, openComms, setCommPublisher } from '../display/index.js';
import { KeyboardInterrupt } from '../guard/index.js';
import type { Session } from '../session/index.js';
import { type Content, readCode, readHistory, replyTo, toCodePoints, toUtf16 } from '../wire/index.js';
import type { History } from './history.js';
import type { Publisher } from './iopub-output.js';

export interface ShellDeps {
  readonly info: Readonly<Content>;
  readonly publisher: Publisher;
  readonly history: History;
  /** The ports of the kernel's sockets, as the connection file has them. */
  ports(): Readonly<Content>;
  session(): Promise<Session>;
  execute(request: ShellRequest): void;
  reply(request: ShellRequest, type: string, content: Readonly<Content>): void;
  /** The header (JSON) of the running cell. */
  running(): string | undefined;
  /** The header (JSON) of the cell whose code runs now. */
  current(): string | undefined;
  answered(): void;
  shutdown(restart: boolean): void;
}

/** The shell channel. It passes cells to the queue and answers other requests at once, also while a cell awaits. */
export class ShellChannel {
  readonly #deps: ShellDeps;
  /** The header (JSON) of the comm's message that is handled. */
  readonly #parents = new AsyncLocalStorage<string>();
  /** Ends the requests about code that have arrived and are not answered. */
  readonly #pending = new Set<() => void>();

  constructor(deps: ShellDeps) {
    this.#deps = deps;
    let last = '{}';
    setCommPublisher((type, content, { metadata, buffers }) => {
      last = this.#parents.getStore() ?? deps.current() ?? deps.running() ?? last;
      deps.publisher.publish(type, content, last, { metadata, buffers: buffers?.map(bytesOf) });
    });
  }

  onRequest(request: ShellRequest): void {
    if (request.header.msg_type === 'execute_request') this.#deps.execute(request);
    else void this.#handle(request);
  }

  /** Ends all completions and inspections that have arrived: the request whose code was terminated, and the requests that wait after it. */
  interrupt(): void {
    for (const end of this.#pending) end();
  }

  async #handle(request: ShellRequest): Promise<void> {
    const { publisher } = this.#deps;
    const parent = request.headerJson;
    const type = request.header.msg_type;
    publisher.publish('status', { execution_state: 'busy' }, parent);
    try {
      const content = await this.#answer(type, request, parent);
      if (content) this.#deps.reply(request, replyTo(type), content);
    } catch (error) {
      const { name: ename, message: evalue, stack } = error instanceof Error ? error : new Error(String(error));
      this.#deps.reply(request, replyTo(type), {
        status: 'error',
        ename,
        evalue,
        traceback: (stack ?? evalue).split('\n'),
      });
    }
    publisher.publish('status', { execution_state: 'idle' }, parent);
    // Clients show the last status, whatever request it was about. So the status must be `busy` again while a cell runs.
    const running = this.#deps.running();
    if (running) publisher.publish('status', { execution_state: 'busy' }, running);
    this.#deps.answered();
  }

  /** The reply's content; undefined if the message gets no reply. */
  async #answer(type: string, request: ShellRequest, parent: string): Promise<Readonly<Content> | undefined> {
    const { content } = request;
    switch (type) {
      case 'kernel_info_request':
        return this.#deps.info;
      case 'complete_request':
      case 'inspect_request':
      case 'is_complete_request':
        return this.#aboutCode(type, content);
      case 'history_request':
        return { status: 'ok', history: this.#deps.history.query(readHistory(content)) };
      case 'comm_info_request':
        return { status: 'ok', comms: openComms(typeof content.target_name === 'string' ? content.target_name : undefined) };
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        await this.#comm(type, request);
        return undefined;
      case 'connect_request':
        return { status: 'ok', ...this.#deps.ports() };
      case 'shutdown_request': {
        const restart = content.restart === true;
        this.#deps.publisher.publish('shutdown_reply', { status: 'ok', restart }, parent);
        this.#deps.shutdown(restart);
        return { status: 'ok', restart };
      }
      default:
        if (!type.endsWith('_request')) return undefined;
        throw Object.assign(new Error(`${type} is not known on the shell channel`), { name: 'UnknownRequest', stack: undefined });
    }
  }

  /** What the notebook's code sends meanwhile belongs to this message, and what it throws is printed. */
  async #comm(type: string, { content, headerJson: parent, metadata, buffers = [] }: ShellRequest): Promise<void> {
    const { publisher } = this.#deps;
    try {
      await this.#parents.run(parent, () => onComm(type, content, { metadata, buffers }));
    } catch (error) {
      publisher.stream('stderr', `${type}: ${format(error)}\n`, parent);
    }
  }

  #aboutCode(type: 'complete_request' | 'inspect_request' | 'is_complete_request', content: Content): Promise<Readonly<Content>> {
    const { code, cursor, detail } = readCode(content);
    const at = cursor === undefined ? code.length : toUtf16(code, cursor);
    const answer = (session: Session): Readonly<Content> => {
      if (type === 'is_complete_request') return { ...session.isComplete(code) };
      if (type === 'inspect_request') return { ...session.inspect(code, at, detail) };
      const reply = session.complete(code, at);
      const [start, end] = [toCodePoints(code, reply.cursor_start), toCodePoints(code, reply.cursor_end)];
      const types = reply.metadata._jupyter_types_experimental.map((one) => ({ ...one, start, end }));
      return { ...reply, cursor_start: start, cursor_end: end, metadata: { _jupyter_types_experimental: types } };
    };
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.#pending.delete(end);
        reject(error as Error);
      };
      const end = (): void => fail(new KeyboardInterrupt(type));
      this.#pending.add(end);
      const work = (session: Session): void => {
        // It was interrupted before it began.
        if (!this.#pending.has(end)) return;
        try {
          resolve(answer(session));
          this.#pending.delete(end);
        } catch (error) {
          fail(error);
        }
      };
      // It runs in its own turn, because an interrupt may have to terminate it.
      this.#deps.session().then((session) => inOwnTurn(() => work(session)), fail);
    });
  }
}

/** A copy, because the notebook may change its bytes before they are sent. */
function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value.slice(0));
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
}
