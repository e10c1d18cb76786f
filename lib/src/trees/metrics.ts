import type { ObjectiveName } from './objective.js';

/** The metrics, by the names of XGBoost. `auc` is better the higher it is, the others the lower they are. */
export const metricNames = ['logloss', 'error', 'auc', 'rmse', 'mae'] as const;
export type MetricName = (typeof metricNames)[number];

export const DEFAULT_METRIC: Readonly<Record<ObjectiveName, MetricName>> = {
  'binary:logistic': 'logloss',
  'reg:squarederror': 'rmse',
};

export const isHigherBetter = (metric: MetricName): boolean => metric === 'auc';

/** A prediction of exactly 0 or 1 would have an infinite loss. */
const LEAST = 1e-16;

/** The metrics that are a sum over the rows: what one row adds. */
export const ROW_LOSS: Readonly<Record<Exclude<MetricName, 'auc'>, (prediction: number, label: number) => number>> = {
  logloss: (prediction, label) => -Math.log(Math.max(label === 1 ? prediction : 1 - prediction, LEAST)),
  error: (prediction, label) => (prediction > 0.5 === (label === 1) ? 0 : 1),
  rmse: (prediction, label) => (prediction - label) ** 2,
  mae: (prediction, label) => Math.abs(prediction - label),
};

/** The metric from the sum over the rows. */
export const fromSum = (metric: MetricName, sum: number, rows: number): number =>
  metric === 'rmse' ? Math.sqrt(sum / rows) : sum / rows;

/**
 * The probability that a row of label 1 has a higher prediction than one of label 0; equal ones count half.
 * NaN if one of the labels does not occur.
 */
export function auc(predictions: Float64Array, labels: Float64Array): number {
  const order = Uint32Array.from(predictions.keys()).sort((a, b) => (predictions[a] as number) - (predictions[b] as number));
  let [ranks, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to] as number] === predictions[order[from] as number]) to += 1;
    for (let i = from; i < to; i += 1) {
      if (labels[order[i] as number] !== 1) continue;
      positives += 1;
      ranks += (from + 1 + to) / 2;
    }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
