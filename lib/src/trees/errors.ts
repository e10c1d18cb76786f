import { defineError } from '../core/index.js';

export const NoTable = defineError(
  'NBS_TREES_NO_TABLE',
  400,
  '{where} takes rows ([{ a: 1 }, …]) or columns ({ a: [1, …] }) with at least one row{more}; it got {value}',
);
export const UnknownColumn = defineError('NBS_TREES_NO_COLUMN', 400, '{where} has no column {column}; its columns are {valid}');
export const NoFeatures = defineError(
  'NBS_TREES_NO_FEATURES',
  400,
  '{where} has no column besides the label {label}, and trees need at least one to predict from',
);
export const UnevenColumns = defineError(
  'NBS_TREES_UNEVEN_COLUMNS',
  400,
  '{where}: the column {column} has {rows} values, and {other} has {otherRows}; all columns need the same number',
);
export const WrongValue = defineError(
  'NBS_TREES_WRONG_VALUE',
  400,
  '{where}: row {row} of the column {column} is {value}, but the column needs {expected}',
);
export const OneLabel = defineError(
  'NBS_TREES_ONE_LABEL',
  400,
  '{where}: every row has the label {label}, so its auc is not a number, and early stopping needs one; give rows of both labels, or another metric',
);
export const TooManyCategories = defineError(
  'NBS_TREES_TOO_MANY_CATEGORIES',
  400,
  '{where}: the column {column} has {count} different texts, but a column of texts may have {max}; drop it, or join rare texts into one',
);
export const WorkerLost = defineError(
  'NBS_TREES_WORKER_LOST',
  503,
  'a worker of the training has died between two calls, and a new process took its place',
);
export const Failed = defineError(
  'NBS_TREES_FAILED',
  500,
  'the training of trees ended after {restarts} restarts, because its workers died: {reason}',
);
export const NotKept = defineError(
  'NBS_TREES_NOT_KEPT',
  507,
  'the model cannot be kept at {path}: {reason}; an older one is still there',
);
export const OtherTraining = defineError('NBS_TREES_OTHER_TRAINING', 400, 'the training cannot go on from {path}: {reason}');
export const WrongModel = defineError('NBS_TREES_WRONG_MODEL', 400, '{path} is not a model of trees: {reason}');
