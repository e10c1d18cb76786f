import { defineError } from '../core/index.js';

export const NoTable = defineError(
  'NBS_TREES_NO_TABLE',
  400,
  '{where} takes rows ([{ a: 1 }, …]), columns ({ a: [1, …] }) or a data set of nbserve/data, with at least one row; it got {value}',
);
export const UnknownColumn = defineError('NBS_TREES_NO_COLUMN', 400, '{where} has no column {column}; its columns are {valid}');
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
export const TooManyCategories = defineError(
  'NBS_TREES_TOO_MANY_CATEGORIES',
  400,
  '{where}: the column {column} has {count} different texts, but a column of texts may have {max}; drop it, or join rare texts into one',
);
export const WrongModel = defineError('NBS_TREES_WRONG_MODEL', 400, '{path} is not a model of trees: {reason}');
