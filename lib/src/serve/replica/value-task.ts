import { isThenable, UserTask } from './user-task.js';

/** A call that user code answers with what it returns. */
export abstract class ValueTask extends UserTask {
  /** Answers with what user code returned, or with what its promise resolved to. */
  protected abstract answer(value: unknown): void;
  /** Answers with what user code threw, or with the reason of its promise. */
  protected abstract fail(error: unknown): void;

  /** Calls user code, and answers with what comes of it: in the same turn, unless that is a promise. */
  protected invoke(run: () => unknown): void {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!isThenable(result)) this.answer(result);
    else
      result.then(
        (value) => this.answer(value),
        (error) => this.fail(error),
      );
  }
}
