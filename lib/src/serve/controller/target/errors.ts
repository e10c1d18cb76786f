import { defineError } from '../../../core/index.js';

export const CheckpointFailed = defineError(
  'NBS_CHECKPOINT_FAILED',
  500,
  'the controller cannot write its checkpoint {path}: {reason}; until it can, no deploy is taken, and what runs goes on',
);
export const CheckpointUnreadable = defineError(
  'NBS_CHECKPOINT_UNREADABLE',
  500,
  'the checkpoint {path} cannot be used: {reason}; move it away to start with no application',
);
export const BlobMismatch = defineError(
  'NBS_BLOB_MISMATCH',
  400,
  'the bytes sent as blob {expected} have the sha256 {actual}; nothing was stored',
);
export const InvalidApp = defineError('NBS_INVALID_APP', 400, 'application {app} is not valid: {reason}');
export const InvalidBlobName = defineError('NBS_INVALID_BLOB_NAME', 400, 'a blob is named by 64 hex digits, not by {name}');
export const InvalidTraffic = defineError(
  'NBS_INVALID_TRAFFIC',
  400,
  'the traffic of {prefix} cannot be split like this: {reason}',
);
export const UnknownVersion = defineError(
  'NBS_UNKNOWN_VERSION',
  404,
  '{key} is neither an application that runs nor the version of one; valid: {valid}',
);
export const AmbiguousVersion = defineError(
  'NBS_AMBIGUOUS_VERSION',
  409,
  'version {key} is the version of several applications: {apps}; use the name of the application instead',
);
