import { isNbserveError } from '../../../core/index.js';
import type { AutoscalingMetrics } from '../../protocol/index.js';

export interface OwnPolicyOptions {
  /** Names the deployment in the message, `app/deployment`. */
  readonly label: string;
  readonly policy: string;
  readonly ask: (metrics: AutoscalingMetrics) => Promise<unknown>;
  readonly log: { info(line: string): void; warn(line: string): void };
}

/** A policy of the user's own: one question at a time, and what is wrong with it. */
export class OwnPolicy {
  readonly #options: OwnPolicyOptions;
  #asking = false;
  #fault: string | null = null;

  constructor(options: OwnPolicyOptions) {
    this.#options = options;
  }

  /** Why the number of replicas does not change; `null` where it works. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Asks, unless an answer is still to come; `answered` is not called where the answer is none. */
  ask(metrics: () => AutoscalingMetrics, answered: (replicas: number) => void): void {
    if (this.#asking) return;
    this.#asking = true;
    this.#options
      .ask(metrics())
      .then(replicasOf)
      .finally(() => {
        this.#asking = false;
      })
      .then(
        (replicas) => {
          this.#note(null);
          answered(replicas);
        },
        (error: Error) =>
          this.#note(isNbserveError(error) || error.name === 'Error' ? error.message : `${error.name}: ${error.message}`),
      );
  }

  #note(reason: string | null): void {
    const { label, policy, log } = this.#options;
    const fault = reason === null ? null : `its policy ${policy} does not say how many replicas there should be: ${reason}`;
    if (fault === this.#fault) return;
    this.#fault = fault;
    if (fault !== null) log.warn(`deployment ${label}: ${fault}; the number stays as it is`);
    else log.info(`deployment ${label}: its policy ${policy} works again`);
  }
}

/** @throws TypeError */
function replicasOf(answer: unknown): number {
  if (typeof answer === 'number' && Number.isFinite(answer) && answer >= 0) return Math.ceil(answer);
  const got =
    typeof answer === 'number' || answer === null || answer === undefined ? String(answer) : `a value of type ${typeof answer}`;
  throw new TypeError(`it answered with ${got}, not with a number of at least 0`);
}
