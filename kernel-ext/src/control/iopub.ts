import type { XPublisher } from 'zeromq';
import { type Encoder, Receiver, Sender } from '../wire/index.js';
import { StreamBuffer, type StreamText } from './stream-buffer.js';

const SUBSCRIBE = 1;
const UNSUBSCRIBE = 0;

/** The iopub socket: everything that all clients see. It lives in the control thread, so that output flows while user code blocks. */
export class Iopub {
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  readonly #streams = new StreamBuffer((piece) => this.#sendStream(piece));

  #subscribers = 0;
  #onSubscriber = (): void => {};

  constructor(socket: XPublisher, encoder: Encoder) {
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    new Receiver(socket, ([frame]) => {
      if (frame?.[0] === UNSUBSCRIBE) this.#subscribers -= 1;
      if (frame?.[0] !== SUBSCRIBE) return;
      this.#subscribers += 1;
      this.#welcome(frame.toString('utf8', 1));
      this.#onSubscriber();
    });
  }

  get subscribers(): number {
    return this.#subscribers;
  }

  /** Resolves once so many clients listen, or after `limitMs`: what is sent before they have connected is lost to them. */
  listened(subscribers: number, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onSubscriber = () => {
        if (this.#subscribers >= subscribers) resolve();
      };
      this.#onSubscriber();
      setTimeout(resolve, limitMs);
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

  status(state: 'starting' | 'busy' | 'idle' | 'restarting', parent: string): void {
    this.publish('status', JSON.stringify({ execution_state: state }), parent);
  }

  /** Sends what was printed before something that a client may see first, on another channel. */
  flush(): void {
    this.#streams.flush();
  }

  async close(): Promise<void> {
    this.flush();
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
