import { defineError } from '../core/index.js';

export const NoDuckDB = defineError(
  'NBS_NO_DUCKDB',
  501,
  'data sets need the package @duckdb/node-api: npm install @duckdb/node-api',
);
export const NoArrow = defineError('NBS_NO_ARROW', 501, 'Arrow needs the package apache-arrow: npm install apache-arrow');
export const ArrowType = defineError(
  'NBS_ARROW_TYPE',
  422,
  'column {column} has the type {type} of Arrow, which data sets do not have; convert the column first',
);
export const DataUnreadable = defineError('NBS_DATA_UNREADABLE', 422, 'the data cannot be read: {reason}');
export const DataFailed = defineError('NBS_DATA_QUERY', 400, 'the data set cannot be computed: {reason}');
export const NoSpaceLeft = defineError(
  'NBS_DATA_NO_SPACE',
  507,
  'the disk is full, so the incomplete file was removed: {reason}',
);
export const InvalidBatch = defineError('NBS_BATCH_INVALID', 400, '{what}: {expected}; got {got}');
export const MixedColumn = defineError('NBS_MIXED_COLUMN', 422, 'column {column} {what}; give each column one type');
export const SameName = defineError(
  'NBS_DATA_SAME_NAME',
  422,
  'the columns {first} and {second} differ only in upper and lower case, which DuckDB does not tell apart; rename one of them',
);
export const NoSuchColumn = defineError(
  'NBS_NO_SUCH_COLUMN',
  404,
  '{what}: there is no column {column}; the columns are {valid}',
);
export const NoFiles = defineError('NBS_DATA_NO_FILES', 404, '{what}: no file matches {paths}');
export const RemoteData = defineError(
  'NBS_DATA_REMOTE',
  501,
  '{what}: {url} is not a file of this machine: {reason}; copy the files yourself, and give their path on this machine',
);
export const DataExists = defineError(
  'NBS_DATA_EXISTS',
  409,
  '{path} exists; write to another path, or replace it with { overwrite: true }',
);
export const NotWritten = defineError('NBS_DATA_NOT_WRITTEN', 500, '{path} was not written: {reason}');
export const InvalidCall = defineError('NBS_DATA_ARGUMENT', 400, '{what}: {expected}, got {got}');
export const UnequalRows = defineError(
  'NBS_DATA_UNEQUAL',
  400,
  'zip needs two data sets of the same length; they have {left} and {right} rows',
);
export const WorkersDied = defineError(
  'NBS_BATCH_LOST',
  503,
  '{what}: the worker died {times} times while it worked on the same batch, so this batch probably ends it: {reason}',
);
export const NoMemory = defineError(
  'NBS_DATA_NO_MEMORY',
  507,
  'DuckDB needs more memory than it may use: {reason}; raise it with data.configure({ memoryLimit }), or ask for fewer columns or rows at once',
);
export const KeptRowsLost = defineError(
  'NBS_DATA_LOST',
  410,
  'the rows that materialize or trainTestSplit has kept are gone, because DuckDB has ended with an error since, for lack of memory for example; make the data set again',
);
