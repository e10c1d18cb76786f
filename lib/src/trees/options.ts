import { InvalidOption, integer, isRecord, type OptionSpec, parseOptions, positive } from '../core/index.js';
import { type MetricName, metricNames } from './metrics.js';
import { type ObjectiveName, objectives } from './objective.js';

/** Parameters of the trees, by the names of XGBoost in camelCase and with its defaults. */
export interface TreesParams {
  /** The loss: of labels 0 and 1, or of any numbers. @default 'reg:squarederror' */
  readonly objective?: ObjectiveName;
  /** The metrics that are computed after each tree. @default 'logloss' or 'rmse', by the objective */
  readonly evalMetric?: MetricName | readonly MetricName[];
  /** The most questions from the root of a tree to a leaf. @default 6 */
  readonly maxDepth?: number;
  /** The learning rate: how much of each tree is added. @default 0.3 */
  readonly eta?: number;
  /** The share of the rows that each tree is grown on. @default 1 */
  readonly subsample?: number;
  /** The share of the columns that each tree may use. @default 1 */
  readonly colsampleBytree?: number;
  /** The least weight of a child: its number of rows, or the sum of p(1 - p) for the logistic loss. @default 1 */
  readonly minChildWeight?: number;
  /** How strongly large leaves are reduced (L2). @default 1 */
  readonly lambda?: number;
  /** How strongly leaves are reduced towards 0 (L1). @default 0 */
  readonly alpha?: number;
  /** The least gain that a split must have. @default 0 */
  readonly gamma?: number;
  /** The most bins that the values of a column are put into. @default 255 */
  readonly maxBin?: number;
  /** The seed of the samples of rows and columns. @default 0 */
  readonly seed?: number;
}

const share = (doc: string): OptionSpec<number> => ({
  doc,
  default: 1,
  expected: 'a number above 0, and at most 1',
  parse: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : undefined),
});
const notNegative = (doc: string, fallback: number): OptionSpec<number> => ({
  doc,
  default: fallback,
  expected: 'a number of at least 0',
  parse: (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined),
});

const spec = {
  objective: {
    doc: 'The loss.',
    expected: `one of ${objectives.join(', ')}`,
    default: 'reg:squarederror',
    parse: (value) => objectives.find((name) => name === value),
  } as OptionSpec<ObjectiveName>,
  evalMetric: {
    doc: 'The metrics that are computed after each tree.',
    expected: `one or several of ${metricNames.join(', ')}`,
    default: undefined,
    parse: (value) => {
      const names = [value].flat();
      const found = metricNames.filter((name) => names.includes(name));
      return names.length > 0 && found.length === names.length ? (names as MetricName[]) : undefined;
    },
  } as OptionSpec<readonly MetricName[] | undefined>,
  maxDepth: integer({ doc: 'The depth of a tree.', default: 6, min: 1, max: 16 }),
  eta: positive({ doc: 'The learning rate.', default: 0.3 }),
  subsample: share('The share of the rows of each tree.'),
  colsampleBytree: share('The share of the columns of each tree.'),
  minChildWeight: notNegative('The least weight of a child.', 1),
  lambda: notNegative('L2.', 1),
  alpha: notNegative('L1.', 0),
  gamma: notNegative('The least gain of a split.', 0),
  maxBin: integer({ doc: 'The most bins of a column.', default: 255, min: 2, max: 255 }),
  seed: integer({ doc: 'The seed of the samples.', default: 0, min: 0, max: 2 ** 32 - 1 }),
};

/** Parameters with their defaults. */
export type ParsedParams = ReturnType<typeof parseParams>;

/** Names of XGBoost in its own spelling, and other words for the same, are accepted by the message, not by the option. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  learning_rate: 'eta',
  learningRate: 'eta',
  max_depth: 'maxDepth',
  eval_metric: 'evalMetric',
  colsample_bytree: 'colsampleBytree',
  min_child_weight: 'minChildWeight',
  reg_lambda: 'lambda',
  reg_alpha: 'alpha',
  max_bin: 'maxBin',
  min_split_loss: 'gamma',
  random_state: 'seed',
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseParams(where: string, params: TreesParams) {
  if (!isRecord(params))
    throw InvalidOption({ where, option: 'params', expected: 'an object of parameters', value: String(params) });
  for (const [option, value] of Object.entries(params)) {
    const name = OTHER_NAMES[option];
    if (name !== undefined) throw InvalidOption({ where, option, expected: `called ${name} here`, value: String(value) });
  }
  return parseOptions(where, spec, params as Readonly<Record<string, unknown>>);
}
