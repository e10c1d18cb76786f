/** What the trees minimise. The names are those of XGBoost. */
export const objectives = ['binary:logistic', 'reg:squarederror'] as const;
export type ObjectiveName = (typeof objectives)[number];

/** A loss as the trees see it. The margin is the sum of the leaves that a row reaches. */
export interface Objective {
  /** The margin that all rows begin with, from the mean of the labels. */
  readonly baseOf: (mean: number) => number;
  /** From a margin to a prediction. */
  readonly predict: (margin: number) => number;
  /** The first derivative of the loss by the margin. */
  readonly gradient: (prediction: number, label: number) => number;
  /** The second derivative, at most 1. */
  readonly hessian: (prediction: number) => number;
}

/** The mean of labels that are all equal has no finite logarithm of its odds. */
const LEAST_SHARE = 1e-6;
const LEAST_HESSIAN = 1e-16;

export const OBJECTIVES: Readonly<Record<ObjectiveName, Objective>> = {
  'binary:logistic': {
    baseOf: (mean) => {
      const share = Math.min(Math.max(mean, LEAST_SHARE), 1 - LEAST_SHARE);
      return Math.log(share / (1 - share));
    },
    predict: (margin) => 1 / (1 + Math.exp(-margin)),
    gradient: (prediction, label) => prediction - label,
    hessian: (prediction) => Math.max(prediction * (1 - prediction), LEAST_HESSIAN),
  },
  'reg:squarederror': {
    baseOf: (mean) => mean,
    predict: (margin) => margin,
    gradient: (prediction, label) => prediction - label,
    hessian: () => 1,
  },
};
