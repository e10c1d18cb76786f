import type { Router } from 'zeromq';
import { inOwnTurn } from '../control/index.js';
import { Decoder, type Encoder, type Incoming, Receiver, Refusals, Sender, type Signer } from '../wire/index.js';

interface Question {
  readonly asker: Incoming;
  readonly prompt: string;
  readonly password: boolean;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

/** Asks the person whose cell runs. One question at a time; the others wait. */
export class StdinChannel {
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  readonly #questions: Question[] = [];

  constructor(socket: Router, signer: Signer, encoder: Encoder) {
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    const decoder = new Decoder(signer);
    const refusals = new Refusals('stdin');
    new Receiver(socket, (frames) => {
      const decoded = decoder.decode(frames);
      if (decoded.ok) this.#onMessage(decoded.message);
      else refusals.add(decoded.refusal);
    });
  }

  ask(asker: Incoming, prompt: string, password: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ asker, prompt, password, resolve, reject });
      if (this.#questions.length === 1) this.#send();
    });
  }

  /** Fails every open question. */
  cancel(): void {
    for (const { reject } of this.#questions.splice(0)) {
      const error = Object.assign(new Error('the question was interrupted'), { name: 'KeyboardInterrupt' });
      inOwnTurn(() => reject(error));
    }
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  #send(): void {
    const question = this.#questions[0];
    if (!question) return;
    const { identities, headerJson } = question.asker;
    const content = { prompt: question.prompt, password: question.password };
    this.#sender.send(this.#encoder.encode('input_request', content, { identities, parent: headerJson }));
  }

  #onMessage(message: Incoming): void {
    const question = this.#questions[0];
    if (!question || message.header.msg_type !== 'input_reply') return;
    // Only the client that was asked may answer.
    if (message.identities[0] && question.asker.identities[0] && !message.identities[0].equals(question.asker.identities[0]))
      return;
    this.#questions.shift();
    const { value } = message.content;
    inOwnTurn(() => question.resolve(typeof value === 'string' ? value : ''));
    this.#send();
  }
}
