import { inOwnTurn, type ShellRequest } from '../control/index.js';
import { KeyboardInterrupt } from '../guard/index.js';

interface Question {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

export interface StdinDeps {
  /** Asks the user. {@link StdinChannel.onAnswer} gets the answer with the question's number. */
  ask(question: number, asker: ShellRequest, prompt: string, password: boolean): void;
  /** Takes one question back, if it is still open. */
  unask(question: number): void;
}

/** Questions to the user whose cell runs. */
export class StdinChannel {
  readonly #deps: StdinDeps;
  readonly #questions = new Map<number, Question>();
  #count = 0;

  constructor(deps: StdinDeps) {
    this.#deps = deps;
  }

  /** @param signal takes the question back */
  ask(asker: ShellRequest, prompt: string, password: boolean, signal?: AbortSignal): Promise<string> {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#deps.ask(id, asker, prompt, password);
      signal?.addEventListener('abort', () => this.#deps.unask(id), { once: true });
    });
  }

  /** @param value undefined if the question was withdrawn */
  onAnswer(id: number, value: string | undefined): void {
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    if (value !== undefined) inOwnTurn(() => question.resolve(value));
    else inOwnTurn(() => question.reject(new KeyboardInterrupt('the question')));
  }
}
