import { type Chart, plot } from '../plot/index.js';
import type { TrainCheckpoint } from '../session/index.js';
import { AllFailed, MetricNeeded, NoMetric } from './errors.js';
import { type Dimension, valueAt } from './space.js';
import { tableHtml, tableText } from './table.js';
import { latest, type TrialError, type TrialState, trialName } from './trial.js';

export type Mode = 'min' | 'max';

/** The result of one trial. */
export interface TrialResult<C = Record<string, unknown>> {
  /** The name of the trial: `trial_00000`. */
  readonly name: string;
  readonly config: C;
  readonly status: 'TERMINATED' | 'ERROR' | 'PENDING' | 'RUNNING';
  /** What it reported last, with `trainingIteration` and `timeTotalS`. If that lacks the metric of the search, the metric's latest value is added. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly metricsHistory: readonly Readonly<Record<string, number>>[];
  /** Its last checkpoint; null if it has none. */
  readonly checkpoint: TrainCheckpoint | null;
  /** Its folder. */
  readonly path: string;
  /** Why it failed; null if it did not. */
  readonly error: TrialError | null;
}

/** What is best, if the Tuner was not told. */
export interface BestOptions {
  readonly metric?: string | undefined;
  readonly mode?: Mode | undefined;
}

/** The results of a search. In a notebook, it shows itself as a table. */
export class ResultGrid<C = Record<string, unknown>> implements Iterable<TrialResult<C>> {
  readonly #results: readonly TrialResult<C>[];
  readonly #dimensions: readonly Dimension[];
  readonly #best: BestOptions;
  /** The folder of the search. */
  readonly path: string;

  constructor(
    path: string,
    folderOf: (name: string) => string,
    trials: readonly TrialState[],
    dimensions: readonly Dimension[],
    best: BestOptions,
  ) {
    this.path = path;
    this.#dimensions = dimensions;
    this.#best = best;
    this.#results = trials.map(({ number, config, status, history, checkpoint, error }) => {
      const name = trialName(number);
      const rating = best.metric === undefined ? undefined : latest(history, best.metric);
      const metrics = { ...(rating !== undefined && { [best.metric as string]: rating }), ...history.at(-1) };
      return { name, config: config as C, status, metrics, metricsHistory: history, checkpoint, path: folderOf(name), error };
    });
  }

  get length(): number {
    return this.#results.length;
  }

  at(index: number): TrialResult<C> | undefined {
    return this.#results.at(index);
  }

  [Symbol.iterator](): Iterator<TrialResult<C>> {
    return this.#results[Symbol.iterator]();
  }

  /** The errors of the trials that failed. */
  get errors(): readonly TrialError[] {
    return this.#results.flatMap(({ error }) => (error === null ? [] : [error]));
  }

  /**
   * The trial with the best latest value of the metric. Trials that failed do not count.
   * @throws NBS_TUNE_METRIC_NEEDED, NBS_TUNE_NO_METRIC, NBS_TUNE_ALL_FAILED
   */
  getBestResult({ metric = this.#best.metric, mode = this.#best.mode }: BestOptions = {}): TrialResult<C> {
    if (metric === undefined || mode === undefined) throw MetricNeeded({ where: 'getBestResult' });
    const whole = this.#results.filter(({ status, metricsHistory }) => status === 'TERMINATED' && metricsHistory.length > 0);
    if (whole.length === 0) {
      const { errors } = this;
      const error = errors[0] === undefined ? 'none; no trial reported anything' : `${errors[0].name}: ${errors[0].message}`;
      throw AllFailed({ name: this.path, count: errors.length, error });
    }
    const rated = whole.flatMap((result) => {
      const value = latest(result.metricsHistory, metric) ?? Number.NaN;
      return Number.isNaN(value) ? [] : { result, loss: mode === 'min' ? value : -value };
    });
    if (rated.length === 0) {
      const valid = [...new Set(whole.flatMap(({ metricsHistory }) => metricsHistory.flatMap(Object.keys)))].join(', ');
      throw NoMetric({ metric, valid });
    }
    return rated.reduce((best, each) => (each.loss < best.loss ? each : best)).result;
  }

  /** One row for each trial: its name, status, parameters (`params.maxDepth`) and last metrics. */
  toRows(): Record<string, unknown>[] {
    return this.#results.map(({ name, status, config, metrics }) => ({
      trial: name,
      status,
      ...Object.fromEntries(this.#dimensions.map(({ path }) => [path.join('.'), valueAt(config, path)])),
      ...metrics,
    }));
  }

  /** A chart with a line for each trial through its parameters and its metric, in the colour of the metric. @throws NBS_TUNE_METRIC_NEEDED, NBS_PLOT_NO_ROWS */
  parallelCoordinates({ metric = this.#best.metric }: { readonly metric?: string } = {}): Chart {
    if (metric === undefined) throw MetricNeeded({ where: 'parallelCoordinates' });
    const rows = this.toRows().filter((row) => typeof row[metric] === 'number');
    const columns = [...this.#dimensions.map(({ path }) => path.join('.')), metric];
    return plot.parallel(rows, { columns, color: metric });
  }

  toString(): string {
    return tableText(this.toRows());
  }

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': tableHtml(this.toRows()) };
  }
}
