import type { XPublisher } from 'zeromq';
import { type Encoder, type Envelope, PacedSender, Receiver } from '../wire/index.js';
import { StreamBuffer, type StreamText } from './stream-buffer.js';

const SUBSCRIBE = 1;
const UNSUBSCRIBE = 0;
/** Clients of Jupyter subscribe to '' or to a short prefix. The welcome to a longer topic would have it twice. */
const MAX_TOPIC_BYTES = 256;

/** The iopub socket, which sends messages to all clients. It is in the control thread, so that output is sent while user code blocks. */
export class Iopub {
  readonly #sender: PacedSender;
  readonly #encoder: Encoder;
  readonly #streams = new StreamBuffer((piece) => this.#sendStream(piece));

  #subscribers = 0;
  #onSubscriber = (): void => {};

  constructor(socket: XPublisher, encoder: Encoder) {
    this.#sender = new PacedSender(socket);
    this.#encoder = encoder;
    new Receiver(socket, ([frame]) => {
      if (frame?.[0] === UNSUBSCRIBE) this.#subscribers -= 1;
      if (frame?.[0] !== SUBSCRIBE) return;
      this.#subscribers += 1;
      if (frame.length <= MAX_TOPIC_BYTES) this.#welcome(frame.toString('utf8', 1));
      this.#onSubscriber();
    });
  }

  get subscribers(): number {
    return this.#subscribers;
  }

  /** Resolves when so many clients listen, or after `limitMs`. A client does not get messages that were sent before it connected. */
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

  /** @param content JSON @param parent header of the message that caused it, as JSON, or '' */
  publish(type: string, content: string, parent: string, extras: Pick<Envelope, 'metadata' | 'buffers'> = {}): void {
    this.#streams.flush();
    this.#send(type, content, { ...extras, parent });
  }

  status(state: 'starting' | 'busy' | 'idle' | 'restarting', parent: string): void {
    this.publish('status', JSON.stringify({ execution_state: state }), parent);
  }

  /** Calls `work` when ZeroMQ has what was published until now. If a client reads slowly, that takes time. */
  whenSent(work: () => void): void {
    this.#sender.whenSent(work);
  }

  /** Sends what was printed, and then something on another channel, which a client must not see before that, even if another client reads slowly. */
  afterOutput(work: () => void): void {
    this.#streams.flush();
    this.whenSent(work);
  }

  async close(): Promise<void> {
    this.#streams.flush();
    await this.#sender.close();
  }

  /** Tells a new subscriber that it gets every message from now on (JEP 65). */
  #welcome(topic: string): void {
    this.#streams.flush();
    this.#send('iopub_welcome', JSON.stringify({ subscription: topic }), {}, topic);
  }

  #sendStream({ name, text, parent }: StreamText): void {
    this.#send('stream', JSON.stringify({ name, text }), { parent });
  }

  #send(
    type: string,
    content: string,
    envelope: Omit<Envelope, 'identities'>,
    topic = `kernel.${this.#encoder.session}.${type}`,
  ): void {
    this.#sender.send(this.#encoder.encodeJson(type, content, { ...envelope, identities: [topic] }));
  }
}
