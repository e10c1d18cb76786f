import type { Router } from 'zeromq';
import { type Content, type Decoder, type Encoder, type Incoming, Receiver, Refusals, replyTo, Sender } from '../wire/index.js';
import type { SubshellRequest } from './subshells.js';

export interface ControlHandlers {
  /** Content of `kernel_info_reply`. */
  readonly info: Readonly<Content>;
  /** Interrupts the cell. Resolves when that is done. */
  interrupt(): Promise<void>;
  shutdown(restart: boolean): void;
  /** Answers a `debug_request`. @returns the reply, and what to do when it was sent */
  debug(content: Readonly<Content>): Promise<{ response: object; after?: () => void }>;
  /** Makes, deletes or lists subshells. @returns the content of the reply */
  subshell(type: SubshellRequest, content: Content): Content;
  /** Publishes that the request begins. */
  busy(parent: string): void;
  /** Publishes that it has ended. */
  idle(parent: string): void;
  /** Also tells all clients that the kernel ends. */
  publishShutdown(content: string, parent: string): void;
}

/** If the main thread loads TypeScript for longer than this, the reply to an interrupt does not wait for it. */
const INTERRUPT_REPLY_MS = 1000;

/** Answers messages on the control channel, also while the main thread is blocked. */
export class ControlChannel {
  readonly #sender: Sender;
  readonly #handlers: ControlHandlers;
  readonly #encoder: Encoder;
  readonly #refusals = new Refusals('control');

  constructor(socket: Router, decoder: Decoder, encoder: Encoder, handlers: ControlHandlers) {
    this.#sender = new Sender(socket);
    this.#handlers = handlers;
    this.#encoder = encoder;
    new Receiver(socket, (frames) => {
      const decoded = decoder.decode(frames);
      if (decoded.ok) this.#handle(decoded.message);
      else this.#refusals.add(decoded.refusal);
    });
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  #handle(message: Incoming): void {
    const parent = message.headerJson;
    this.#handlers.busy(parent);
    const type = message.header.msg_type;
    switch (type) {
      case 'kernel_info_request':
        this.#reply(message, 'kernel_info_reply', this.#handlers.info);
        break;
      case 'interrupt_request':
        void this.#interrupt(message);
        return;
      case 'debug_request':
        void this.#debug(message);
        return;
      case 'shutdown_request': {
        const content = { status: 'ok', restart: message.content.restart === true };
        this.#reply(message, 'shutdown_reply', content);
        this.#handlers.publishShutdown(JSON.stringify(content), parent);
        this.#handlers.shutdown(content.restart);
        break;
      }
      case 'create_subshell_request':
      case 'delete_subshell_request':
      case 'list_subshell_request':
        this.#reply(message, replyTo(type), this.#handlers.subshell(type, message.content));
        break;
      default:
        if (type.endsWith('_request')) this.#refuse(message);
    }
    this.#handlers.idle(parent);
  }

  /** The reply comes after the interrupt, so that a request which the client sends after the reply is not interrupted. */
  async #interrupt(message: Incoming): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, INTERRUPT_REPLY_MS);
    });
    await Promise.race([this.#handlers.interrupt(), patience]);
    clearTimeout(timer);
    this.#reply(message, 'interrupt_reply', { status: 'ok' });
    this.#handlers.idle(message.headerJson);
  }

  async #debug(message: Incoming): Promise<void> {
    const { response, after } = await this.#handlers.debug(message.content);
    this.#reply(message, 'debug_reply', { ...response });
    after?.();
    this.#handlers.idle(message.headerJson);
  }

  #refuse(message: Incoming): void {
    const type = message.header.msg_type;
    const evalue = `${type} is not answered on the control channel; kernel_info_request, interrupt_request, shutdown_request, debug_request and the requests about subshells are`;
    this.#reply(message, replyTo(type), {
      status: 'error',
      ename: 'UnknownRequest',
      evalue,
      traceback: [],
    });
  }

  #reply(message: Incoming, type: string, content: Readonly<Content>): void {
    const frames = this.#encoder.encode(type, content, { identities: message.identities, parent: message.headerJson });
    this.#sender.send(frames);
  }
}
