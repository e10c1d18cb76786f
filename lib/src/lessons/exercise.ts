import { textOf } from './answer.js';
import { Check, Stopped } from './check.js';
import { SolutionWrong } from './errors.js';

/**
 * An exercise with its check:
 *
 * ```ts skip
 * const loan = new Exercise(async (check, app: string, route: string) => {
 *   const service = await check.application(app, route);
 *   const answer = await service.ask('{"years":2}');
 *   check.that(answer.member('months') === 24, 'two years', '{ "months": 24 }', answer.came);
 * });
 * await loan.check('loan', '/loan');
 * await loan.solution('loan_solution', '/loan-solution');
 * ```
 */
export class Exercise<Args extends readonly unknown[] = []> {
  readonly #run: (check: Check, ...args: Args) => unknown;

  /** @param run the check. Whatever it throws is shown as what went wrong. */
  constructor(run: (check: Check, ...args: Args) => unknown) {
    this.#run = run;
  }

  /** Checks the learner's work, and says at the end whether it is right. It never rejects. */
  async check(...args: Args): Promise<void> {
    const passed = await this.#passes(args);
    console.log(passed ? '\nWell done!' : '\nNot yet. Change your cell above, run it, and then this one.');
  }

  /** Checks the solution. @throws NBS_SOLUTION_WRONG */
  async solution(...args: Args): Promise<void> {
    if (!(await this.#passes(args))) throw SolutionWrong();
  }

  async #passes(args: Args): Promise<boolean> {
    const check = new Check();
    try {
      await this.#run(check, ...args);
      return check.passed;
    } catch (error) {
      console.log(error instanceof Stopped ? error.message : `✖ the check was ended by an error\n    ${textOf(error)}`);
      return false;
    }
  }
}
