import { inOwnTurn, type ShellRequest } from '../control/index.js';

interface Question {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

export interface StdinDeps {
  /** Asks the user. {@link StdinChannel.onAnswer} gets the answer with the question's number. */
  ask(question: number, asker: ShellRequest, prompt: string, password: boolean): void;
}

/** Questions to the user whose cell runs. */
export class StdinChannel {
  readonly #deps: StdinDeps;
  readonly #questions = new Map<number, Question>();
  #count = 0;

  constructor(deps: StdinDeps) {
    this.#deps = deps;
  }

  ask(asker: ShellRequest, prompt: string, password: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#questions.set(++this.#count, { resolve, reject });
      this.#deps.ask(this.#count, asker, prompt, password);
    });
  }

  /** @param value undefined if the question was withdrawn */
  onAnswer(id: number, value: string | undefined): void {
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    if (value !== undefined) inOwnTurn(() => question.resolve(value));
    else {
      const error = Object.assign(new Error('the question was interrupted'), { name: 'KeyboardInterrupt' });
      inOwnTurn(() => question.reject(error));
    }
  }
}
