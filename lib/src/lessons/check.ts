import { runningCluster } from '../serve/host.js';
import { serve } from '../serve/index.js';
import { type Service, serviceAt, textOf } from './answer.js';

/** Ends a check early, after a line that says why. */
export class Stopped extends Error {}

/** One run of a check. Its methods print a line for each thing that was tried. */
export class Check {
  #wrong = 0;
  #right = 0;

  /** True if something was tried, and nothing was wrong. */
  get passed(): boolean {
    return this.#wrong === 0 && this.#right > 0;
  }

  /**
   * Prints what was tried, with ✔ or with ✖, what was expected, and what came.
   * @param came a text, such as `answer.came` or `shown(value)`
   */
  that(isRight: boolean, tried: string, expected: string, came: string): void {
    if (isRight) this.pass(`${tried}: ${expected}`);
    else this.fail(tried, expected, came);
  }

  pass(line: string): void {
    this.#right += 1;
    console.log(`✔ ${line}`);
  }

  fail(tried: string, expected: string, came: string): void {
    this.#wrong += 1;
    console.log(`✖ ${tried}\n    expected ${expected}\n    got      ${came}`);
  }

  /** Prints a line without a mark: what is right although the learner did nothing earns no praise. */
  note(line: string): void {
    console.log(`  ${line}`);
  }

  /** Ends the check. */
  stop(line: string): never {
    this.#wrong += 1;
    throw new Stopped(line);
  }

  /**
   * Runs one step, and prints ✔, or ✖ and what is wrong: the text that `attempt` returns, or its error, whole.
   * @param options.timeoutMs after which the step counts as wrong. @default 30_000
   */
  async step(what: string, attempt: () => unknown, options: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    const { timeoutMs = 30_000 } = options;
    let problem: unknown;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, `it did not end within ${timeoutMs / 1000} s`);
    });
    try {
      problem = await Promise.race([attempt(), late]);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      problem = textOf(error);
    } finally {
      clearTimeout(timer);
    }
    if (typeof problem !== 'string') {
      this.pass(what);
      return true;
    }
    this.#wrong += 1;
    console.log(`✖ ${what}\n    ${problem}`);
    return false;
  }

  /** The application that runs under this name and route. The check ends here if there is none, or if it runs under another route. */
  async application(name: string, route: string): Promise<Service> {
    let got = 'nothing that runs';
    try {
      const client = await runningCluster();
      const { url, applications } = await serve.status();
      if (url !== null && client !== null && applications[name]?.routePrefix === route)
        return stopping(this, serviceAt(route === '/' ? url : url + route, client.cluster.token));
      const running = Object.entries(applications).map(
        ([other, { routePrefix }]) => `${other} under ${routePrefix ?? 'no route'}`,
      );
      if (running.length > 0) got = running.join(', ');
    } catch (error) {
      got = String(error);
    }
    this.stop(`✖ expected an application ${name} under ${route}\n    got ${got}`);
  }
}

/** If one answer does not come, the check waits for no other. */
function stopping(check: Check, service: Service): Service {
  let isSilent = false;
  return {
    url: service.url,
    async ask(...args) {
      if (isSilent) check.stop('  The check ends here, because no whole answer came.');
      const answer = await service.ask(...args);
      isSilent = answer.status === 0;
      return answer;
    },
  };
}
