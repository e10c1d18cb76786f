import type { Router } from 'zeromq';
import { type Decoder, type Encoder, type Incoming, isKernelSession, Receiver, Refusals, Sender } from '../wire/index.js';
import type { Asker } from './messages.js';
import { framesOf } from './shell-relay.js';

interface Question {
  readonly id: number;
  readonly asker: Asker;
  readonly prompt: string;
  readonly password: boolean;
}

/** The stdin socket, which asks the user whose cell runs. There is one question at a time; the others wait. */
export class StdinRelay {
  readonly #sender: Sender;
  readonly #encoder: Encoder;
  readonly #onAnswer: (id: number, value: string | undefined) => void;
  #questions: Question[] = [];
  /** The id of the message that asked the first question. */
  #asked = '';

  /** @param onAnswer `value` is undefined if the question was withdrawn */
  constructor(socket: Router, decoder: Decoder, encoder: Encoder, onAnswer: (id: number, value: string | undefined) => void) {
    this.#sender = new Sender(socket);
    this.#encoder = encoder;
    this.#onAnswer = onAnswer;
    const refusals = new Refusals('stdin');
    new Receiver(socket, (frames) => {
      const decoded = decoder.decode(frames);
      if (decoded.ok) this.#onMessage(decoded.message);
      else refusals.add(decoded.refusal);
    });
  }

  ask(question: Question): void {
    this.#questions.push(question);
    if (this.#questions.length === 1) this.#send();
  }

  /** Takes back one open question, or every one. */
  cancel(id?: number): void {
    const [asked] = this.#questions;
    const taken = this.#questions.filter((question) => id === undefined || question.id === id);
    this.#questions = this.#questions.filter((question) => !taken.includes(question));
    for (const question of taken) this.#onAnswer(question.id, undefined);
    if (asked !== undefined && taken.includes(asked)) this.#send();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  #send(): void {
    const question = this.#questions[0];
    if (!question) return;
    const { asker, prompt, password } = question;
    this.#asked = this.#encoder.newId();
    const envelope = { identities: framesOf(asker), parent: asker.headerJson, id: this.#asked };
    this.#sender.send(this.#encoder.encode('input_request', { prompt, password }, envelope));
  }

  #onMessage(message: Incoming): void {
    const question = this.#questions[0];
    if (!question || message.header.msg_type !== 'input_reply') return;
    const [from] = message.identities;
    const [asked] = framesOf(question.asker);
    // Only the client that was asked may answer.
    if (from && asked && !from.equals(asked)) return;
    // A front end still shows a question that was withdrawn, and its answer names that question. Other clients name the cell, or nothing.
    const { parent } = message;
    if (parent !== undefined && isKernelSession(parent.session) && parent.msg_id !== this.#asked) return;
    this.#questions.shift();
    const { value } = message.content;
    this.#onAnswer(question.id, typeof value === 'string' ? value : '');
    this.#send();
  }
}
