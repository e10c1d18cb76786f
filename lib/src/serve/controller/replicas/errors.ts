import { defineError } from '../../../core/index.js';

export const NeverFits = defineError(
  'NBS_NEVER_FITS',
  409,
  'application {app}: deployment {deployment} fits on no node of this cluster: {reason}; ask for less in its resources, or start a cluster that has it: numGpus, resources or nodes of serve.start(…), --num-gpus, --memory or --nodes of nbserve start',
);
