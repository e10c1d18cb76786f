import readline from 'node:readline';
import promises from 'node:readline/promises';
import { promisify } from 'node:util';
import { NoInput } from './errors.js';
import { NotebookInput } from './notebook-input.js';
import { askPerson, canAsk } from './questions.js';

interface Options {
  readonly signal?: AbortSignal;
}

interface Reader {
  readonly input?: unknown;
  listenerCount(event: string): number;
}

type Question = (this: Reader, query: string, ...rest: unknown[]) => unknown;

let installed = false;

/**
 * Has `rl.question()` of both forms of `node:readline` ask as `prompt()` does, if the interface reads a notebook's `process.stdin` and nothing
 * listens to its lines: the person sees the question beside the field for the answer.
 */
export function installReadlineQuestions(): void {
  if (installed) return;
  installed = true;
  const isAsked = (self: Reader): boolean => self.input instanceof NotebookInput && self.listenerCount('line') === 0;

  const byCallback = readline.Interface.prototype as unknown as { question: Question };
  const ownCallback = byCallback.question;
  const question: Question = function (query, ...rest) {
    if (!isAsked(this)) return Reflect.apply(ownCallback, this, [query, ...rest]);
    // A callback takes no error.
    if (!canAsk()) throw NoInput();
    const done = rest.find((one) => typeof one === 'function') as ((answer: string) => void) | undefined;
    // A question that is interrupted is never answered; the cell that waits for it is interrupted, too.
    const { signal } = (rest[0] ?? {}) as Options;
    if (done !== undefined) void askPerson(query, { signal }).then(done, () => {});
    return undefined;
  };
  const ownPromise = (ownCallback as unknown as Record<symbol, Question>)[promisify.custom];
  Object.defineProperty(question, promisify.custom, {
    value: function (this: Reader, query: string, options?: Options) {
      if (isAsked(this)) return abortable(query, options);
      return ownPromise === undefined ? undefined : Reflect.apply(ownPromise, this, [query, options]);
    },
  });
  byCallback.question = question;

  const byPromise = promises.Interface.prototype as unknown as { question: Question };
  const own = byPromise.question;
  byPromise.question = function (query, ...rest) {
    return isAsked(this) ? abortable(query, rest[0] as Options | undefined) : Reflect.apply(own, this, [query, ...rest]);
  };
}

function abortable(query: string, options: Options | undefined): Promise<string> {
  const signal = options?.signal;
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
  return askPerson(query, { signal }).catch((error: unknown) => {
    throw signal?.aborted === true ? signal.reason : error;
  });
}
