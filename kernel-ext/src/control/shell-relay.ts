import type { Router } from 'zeromq';
import { type Content, type Decoder, type Encoder, type Frame, Receiver, Refusals, replyTo, Sender } from '../wire/index.js';
import type { Asker, ShellRequest } from './messages.js';
import type { LegacyReply } from './replacement.js';

const BYTES = 'latin1';

/** How long clients may take to connect to the new program, and how often that is checked. */
const RECONNECT_MS = 10_000;
const POLL_MS = 50;

/** The shell socket. It is in the control thread, so that requests can be answered if the main thread cannot. */
export class ShellRelay {
  readonly #socket: Router;
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  /** Requests without an answer, in the order of their arrival, by their header. */
  readonly #open = new Map<string, ShellRequest>();

  /** @param onRequest passes the request on to the main thread */
  constructor(socket: Router, decoder: Decoder, encoder: Encoder, onRequest: (request: ShellRequest) => void) {
    this.#socket = socket;
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    const refusals = new Refusals('shell');
    new Receiver(socket, (frames) => {
      const decoded = decoder.decode(frames);
      if (!decoded.ok) {
        refusals.add(decoded.refusal);
        return;
      }
      const { header, headerJson, content, metadata, identities, buffers } = decoded.message;
      const request: ShellRequest = {
        header,
        headerJson,
        content,
        metadata,
        identities: identities.map((frame) => frame.toString(BYTES)),
        // Copies, because the memory of a frame may hold more than the frame.
        ...(header.msg_type.startsWith('comm_') && { buffers: buffers.map((frame) => Uint8Array.from(frame)) }),
      };
      if (header.msg_type.endsWith('_request')) this.#open.set(headerJson, request);
      onRequest(request);
    });
  }

  /** Requests without an answer, in the order of their arrival. */
  get open(): readonly ShellRequest[] {
    return [...this.#open.values()];
  }

  /** @param content JSON */
  reply(asker: Asker, type: string, content: string): void {
    // The new program answers it.
    if (this.#socket.closed) return;
    this.#open.delete(asker.headerJson);
    this.#sender.send(this.#encoder.encodeJson(type, content, { identities: framesOf(asker), parent: asker.headerJson }));
  }

  /** Answers a message that expects a reply with an error. */
  refuse(request: ShellRequest, error: Content): void {
    const type = request.header.msg_type;
    if (type.endsWith('_request')) this.reply(request, replyTo(type), JSON.stringify(error));
  }

  /** Sends the answers of the program before this one, when its clients have connected again. Clients that do not connect get none. */
  async replyFor(replies: readonly LegacyReply[]): Promise<void> {
    const end = performance.now() + RECONNECT_MS;
    // Without this option, the socket silently drops a message for a client that it does not know. With it, the send fails.
    this.#socket.mandatory = true;
    for (const { asker, type, content } of replies) {
      const frames = this.#encoder.encodeJson(type, content, { identities: framesOf(asker), parent: asker.headerJson });
      while (!(await this.#arrives(frames)) && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.#socket.mandatory = false;
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  async #arrives(frames: Frame[]): Promise<boolean> {
    if (this.#socket.closed) return true;
    try {
      await this.#socket.send(frames);
      return true;
    } catch {
      return false;
    }
  }
}

export const framesOf = ({ identities }: Asker): Buffer[] => identities.map((frame) => Buffer.from(frame, BYTES));
