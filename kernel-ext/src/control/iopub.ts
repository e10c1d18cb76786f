import type { XPublisher } from 'zeromq';
import { type Encoder, Receiver, Sender } from '../wire/index.js';
import { StreamBuffer, type StreamText } from './stream-buffer.js';

const SUBSCRIBE = 1;

/** The iopub socket: everything that all clients see. It lives in the control thread, so that output flows while user code blocks. */
export class Iopub {
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  readonly #streams = new StreamBuffer((piece) => this.#sendStream(piece));

  constructor(socket: XPublisher, encoder: Encoder) {
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    new Receiver(socket, ([frame]) => {
      if (frame?.[0] === SUBSCRIBE) this.#welcome(frame.toString('utf8', 1));
    });
  }

  stream(piece: StreamText): void {
    this.#streams.add(piece);
  }

  /** @param content JSON @param parent header that caused it, JSON, or '' */
  publish(type: string, content: string, parent: string): void {
    this.#streams.flush();
    this.#send(type, content, parent);
  }

  status(state: 'starting' | 'busy' | 'idle', parent: string): void {
    this.publish('status', JSON.stringify({ execution_state: state }), parent);
  }

  async close(): Promise<void> {
    this.#streams.flush();
    await this.#sender.close();
  }

  /** JEP 65: tells a new subscriber that from here on it misses nothing. */
  #welcome(topic: string): void {
    this.#streams.flush();
    this.#send('iopub_welcome', JSON.stringify({ subscription: topic }), '', topic);
  }

  #sendStream({ name, text, parent }: StreamText): void {
    this.#send('stream', JSON.stringify({ name, text }), parent);
  }

  #send(type: string, content: string, parent: string, topic = `kernel.${this.#encoder.session}.${type}`): void {
    this.#sender.send(this.#encoder.encodeJson(type, content, { identities: [topic], parent }));
  }
}
