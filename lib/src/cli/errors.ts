import { defineError } from '../core/index.js';

export const UnknownCommand = defineError('NBS_UNKNOWN_COMMAND', 400, 'nbserve has no command {command}; it has: {valid}');
export const NoCluster = defineError(
  'NBS_NO_CLUSTER',
  404,
  'no cluster of yours runs on this machine; serve.run(…) in a notebook or `nbserve run app.ts:app` starts one',
);
export const NoDetachedCluster = defineError(
  'NBS_NO_DETACHED_CLUSTER',
  404,
  'no detached cluster of yours runs on this machine; `nbserve start` starts one, and --address <folder> names any other',
);
export const SeveralClusters = defineError(
  'NBS_SEVERAL_CLUSTERS',
  409,
  'several clusters of yours run here; add one of these to the command:\n{clusters}',
);
export const KernelMissing = defineError(
  'NBS_KERNEL_MISSING',
  404,
  'the command {command} belongs to the notebook kernel, which is not installed; run `npm install nbserve-kernel`',
);
export const OutputNotWritable = defineError(
  'NBS_OUTPUT_NOT_WRITABLE',
  400,
  '{file} cannot be written: {reason}; give --output a file in a folder that exists',
);
export const OutputExists = defineError(
  'NBS_OUTPUT_EXISTS',
  409,
  '{file} exists; choose another --output, or replace it with --force',
);
