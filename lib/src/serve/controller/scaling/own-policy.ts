import { isNbserveError } from '../../../core/index.js';
import type { AutoscalingMetrics } from '../../protocol/index.js';

export interface OwnPolicyOptions {
  /** Names the deployment in the message, `app/deployment`. */
  readonly label: string;
  readonly policy: string;
  readonly ask: (metrics: AutoscalingMetrics) => Promise<unknown>;
  readonly log: { info(line: string): void; warn(line: string): void };
}

/** A user's own policy. It gets one question at a time, and its problems are kept. */
export class OwnPolicy {
  readonly #options: OwnPolicyOptions;
  #asking = false;
  #fault: string | null = null;

  constructor(options: OwnPolicyOptions) {
    this.#options = options;
  }

  /** Why the number of replicas does not change; `null` if the policy works. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Asks the policy, unless an answer is still expected. If the answer is invalid, `answered` is not called. */
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
