interface Total {
  count: number;
  ns: number;
}

/** Clients choose the number of rows of a request that is run alone. Runs of further sizes are counted, and not listed by size. */
const MOST_SIZES = 256;

const total = (): Total => ({ count: 0, ns: 0 });
const add = (to: Total, ms: number): void => {
  to.count += 1;
  to.ns += Math.round(ms * 1e6);
};

/** Counts what one version of a model has done in this replica, under the names of Triton's statistics. Times are in nanoseconds. */
export class Statistics {
  #inferences = 0;
  #executions = 0;
  #lastMs = 0;
  readonly #success = total();
  readonly #fail = total();
  readonly #compute = total();
  readonly #queue = total();
  readonly #batches = new Map<number, Total>();

  /** @param computeMs how long the run took that the request was in */
  succeeded(rows: number, wholeMs: number, computeMs: number): void {
    this.#inferences += rows;
    this.#lastMs = Date.now();
    add(this.#success, wholeMs);
    add(this.#compute, computeMs);
    add(this.#queue, Math.max(0, wholeMs - computeMs));
  }

  failed(wholeMs: number): void {
    add(this.#fail, wholeMs);
  }

  ran(rows: number, ms: number): void {
    this.#executions += 1;
    const size = this.#batches.get(rows) ?? total();
    if (size.count === 0 && this.#batches.size >= MOST_SIZES) return;
    add(size, ms);
    this.#batches.set(rows, size);
  }

  toJSON(): object {
    const none = total();
    return {
      last_inference: this.#lastMs,
      inference_count: this.#inferences,
      execution_count: this.#executions,
      inference_stats: {
        success: this.#success,
        fail: this.#fail,
        queue: this.#queue,
        compute_input: none,
        compute_infer: this.#compute,
        compute_output: none,
      },
      batch_stats: [...this.#batches].map(([batch_size, compute_infer]) => ({
        batch_size,
        compute_input: none,
        compute_infer,
        compute_output: none,
      })),
    };
  }
}
