import { defineError } from '../core/index.js';

export const NoTraining = defineError(
  'NBS_TRAIN_NO_SESSION',
  409,
  '{what} works only in a training: in the function trainLoopPerWorker of a Trainer, or in what a search runs',
);
export const PeerLost = defineError(
  'NBS_TRAIN_PEER_LOST',
  503,
  'worker {rank} cannot go on, because the worker that it exchanges gradients with has ended',
);
export const WorkerLost = defineError(
  'NBS_TRAIN_WORKER_LOST',
  503,
  'a worker of the training has died between two calls, and a new process took its place',
);
export const OtherMachine = defineError(
  'NBS_TRAIN_OTHER_MACHINE',
  501,
  'worker {rank} was started on the machine {host}, which has no folder {path}: all workers of a training must be on the machine of your program; train in a cluster that has this machine only',
);
export const TrainingFailed = defineError(
  'NBS_TRAIN_FAILED',
  500,
  'the training {name} ended after {restarts} restarts, because its workers died: {reason}',
);
export const UnevenReports = defineError(
  'NBS_TRAIN_UNEVEN_REPORTS',
  500,
  'worker {rank} ended or reported, and another one still trains; every worker must call backward and train.report equally often',
);
export const NoCheckpoint = defineError('NBS_TRAIN_NO_CHECKPOINT', 404, 'there is no checkpoint at {path}: {reason}');
export const CheckpointNotKept = defineError(
  'NBS_TRAIN_CHECKPOINT_NOT_KEPT',
  507,
  'the checkpoint cannot be kept at {path}: {reason}; nothing of it was left there',
);
export const StateNotJson = defineError(
  'NBS_TRAIN_STATE_NOT_JSON',
  400,
  'the state of a checkpoint is JSON, and {path} is {value}, which JSON does not keep; save it as numbers, texts, lists and plain objects, and leave infinity out or write it as null',
);
