import { defineError } from '../core/index.js';

export const InvalidSpace = defineError('NBS_TUNE_INVALID_SPACE', 400, '{where}: {reason}');
export const NoMetric = defineError(
  'NBS_TUNE_NO_METRIC',
  400,
  'no trial has reported the metric {metric}; the metrics that were reported are {valid}',
);
export const MetricNeeded = defineError(
  'NBS_TUNE_METRIC_NEEDED',
  400,
  '{where} must know what is best: give { metric, mode }, e.g. { metric: "loss", mode: "min" }',
);
export const AllFailed = defineError(
  'NBS_TUNE_ALL_FAILED',
  500,
  'no trial of {name} has a result; the first of {count} errors is: {error}',
);
export const NoTrial = defineError(
  'NBS_TUNE_NO_SESSION',
  409,
  '{what} was called outside of a trial; it works in the function that is given to a Tuner',
);
export const NotTunable = defineError(
  'NBS_TUNE_NOT_TUNABLE',
  400,
  'a Tuner takes a function of the configuration, tune.withResources(function, { cpu: 1 }), a Trainer or a TreesTrainer, and got {value}',
);
export const Exists = defineError(
  'NBS_TUNE_EXISTS',
  409,
  '{path} has the results of an earlier search: continue it with tune.Tuner.restore({path}, …), or give another name in runConfig',
);
export const OtherMachine = defineError(
  'NBS_TUNE_OTHER_MACHINE',
  501,
  'a trial was started on the machine {host}, which has no folder {path}: all trials must be on the machine of your program; search in a cluster that has this machine only',
);
export const NotSaved = defineError(
  'NBS_TUNE_NOT_SAVED',
  507,
  'the state of the search cannot be written to {path}: {reason}; make room, and continue the search with tune.Tuner.restore',
);
export const CheckpointNotKept = defineError(
  'NBS_TUNE_CHECKPOINT_NOT_KEPT',
  507,
  'the checkpoint of the trial cannot be kept at {path}: {reason}; nothing of it was left there',
);
export const NothingToRestore = defineError(
  'NBS_TUNE_NOTHING_TO_RESTORE',
  404,
  'no search can be continued from {path}: {reason}',
);
