import type { Router } from 'zeromq';
import type { Session } from '../session/index.js';
import {
  type Content,
  Decoder,
  type Encoder,
  type Incoming,
  Receiver,
  Refusals,
  readCode,
  readHistory,
  Sender,
  type Signer,
  toCodePoints,
  toUtf16,
} from '../wire/index.js';
import type { Publisher } from './cell-output.js';
import type { History } from './history.js';

export interface ShellDeps {
  readonly info: Readonly<Content>;
  readonly publisher: Publisher;
  readonly history: History;
  session(): Promise<Session>;
  /** Runs work that an interrupt must not break. */
  guarded<T>(work: () => T): T;
  execute(request: Incoming): void;
  /** Header (JSON) of the cell that runs. */
  running(): string | undefined;
  answered(): void;
  shutdown(restart: boolean): void;
}

/** The shell channel: hands cells to the queue and answers everything else at once, also while a cell awaits. */
export class ShellChannel {
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  readonly #deps: ShellDeps;
  readonly #receiver: Receiver;

  constructor(socket: Router, signer: Signer, encoder: Encoder, deps: ShellDeps) {
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    this.#deps = deps;
    const decoder = new Decoder(signer);
    const refusals = new Refusals('shell');
    this.#receiver = new Receiver(socket, (frames) => {
      const decoded = decoder.decode(frames);
      if (!decoded.ok) refusals.add(decoded.refusal);
      else if (decoded.message.header.msg_type === 'execute_request') deps.execute(decoded.message);
      else void this.#handle(decoded.message);
    });
  }

  /** After a termination: see {@link Receiver.rearm}. */
  rearm(): void {
    this.#receiver.rearm();
    this.#sender.flush();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  reply(request: Incoming, type: string, content: Readonly<Content>): void {
    const frames = this.#encoder.encode(type, content, { identities: request.identities, parent: request.headerJson });
    this.#sender.send(frames);
  }

  async #handle(request: Incoming): Promise<void> {
    const { publisher } = this.#deps;
    const parent = request.headerJson;
    const type = request.header.msg_type;
    publisher.publish('status', { execution_state: 'busy' }, parent);
    try {
      const content = await this.#answer(type, request, parent);
      if (content) this.reply(request, type.replace(/_request$/, '_reply'), content);
    } catch (error) {
      const { name: ename, message: evalue, stack } = error instanceof Error ? error : new Error(String(error));
      this.reply(request, type.replace(/_request$/, '_reply'), {
        status: 'error',
        ename,
        evalue,
        traceback: (stack ?? evalue).split('\n'),
      });
    }
    publisher.publish('status', { execution_state: 'idle' }, parent);
    // Clients show the last state they heard, whoever it was about: a cell that still runs must look like it.
    const running = this.#deps.running();
    if (running) publisher.publish('status', { execution_state: 'busy' }, running);
    this.#deps.answered();
  }

  /** The reply's content; undefined where the message wants none. */
  async #answer(type: string, request: Incoming, parent: string): Promise<Readonly<Content> | undefined> {
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
        return { status: 'ok', comms: {} };
      case 'comm_open':
        // No targets are registered; the protocol has such a comm closed at once.
        this.#deps.publisher.publish('comm_close', { comm_id: content.comm_id, data: {} }, parent);
        return undefined;
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

  async #aboutCode(
    type: 'complete_request' | 'inspect_request' | 'is_complete_request',
    content: Content,
  ): Promise<Readonly<Content>> {
    const session = await this.#deps.session();
    const { code, cursor, detail } = readCode(content);
    const at = cursor === undefined ? code.length : toUtf16(code, cursor);
    return this.#deps.guarded((): Readonly<Content> => {
      if (type === 'is_complete_request') return { ...session.isComplete(code) };
      if (type === 'inspect_request') return { ...session.inspect(code, at, detail) };
      const reply = session.complete(code, at);
      return { ...reply, cursor_start: toCodePoints(code, reply.cursor_start), cursor_end: toCodePoints(code, reply.cursor_end) };
    });
  }
}
