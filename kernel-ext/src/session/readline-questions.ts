import readline from 'node:readline';
import promises from 'node:readline/promises';
import { promisify } from 'node:util';

/** Asks the person; undefined if the code that asks belongs to no cell. */
type Ask = () => ((prompt: string) => Promise<string>) | undefined;

interface Options {
  readonly signal?: AbortSignal;
}

type Question = (this: { input?: unknown }, query: string, ...rest: unknown[]) => unknown;

let installed = false;

/**
 * Has `rl.question()` of both forms of `node:readline` ask as `prompt()` does, if the interface reads from `process.stdin`: a kernel's standard
 * input ends at once, so the question would never be answered.
 */
export function installReadlineQuestions(ask: Ask): void {
  if (installed) return;
  installed = true;
  // Made anew for each question, because the person is asked through the cell that runs then.
  const asked = (self: { input?: unknown }): ReturnType<Ask> => (self.input === process.stdin ? ask() : undefined);

  const byCallback = readline.Interface.prototype as unknown as { question: Question };
  const ownCallback = byCallback.question;
  const question: Question = function (query, ...rest) {
    const put = asked(this);
    if (put === undefined) return Reflect.apply(ownCallback, this, [query, ...rest]);
    const done = rest.find((one) => typeof one === 'function') as ((answer: string) => void) | undefined;
    // A question that is interrupted is never answered; the cell that waits for it is interrupted, too.
    if (done !== undefined) void put(query).then(done, () => {});
    return undefined;
  };
  const ownPromise = (ownCallback as unknown as Record<symbol, Question>)[promisify.custom];
  Object.defineProperty(question, promisify.custom, {
    value: function (this: { input?: unknown }, query: string, options?: Options) {
      const put = asked(this);
      if (put !== undefined) return abortable(put(query), options);
      return ownPromise === undefined ? undefined : Reflect.apply(ownPromise, this, [query, options]);
    },
  });
  byCallback.question = question;

  const byPromise = promises.Interface.prototype as unknown as { question: Question };
  const own = byPromise.question;
  byPromise.question = function (query, ...rest) {
    const put = asked(this);
    return put === undefined ? Reflect.apply(own, this, [query, ...rest]) : abortable(put(query), rest[0] as Options | undefined);
  };
}

function abortable(answer: Promise<string>, options: Options | undefined): Promise<string> {
  const signal = options?.signal;
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    answer.then(resolve, reject);
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
