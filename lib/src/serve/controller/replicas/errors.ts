import { defineError } from '../../../core/index.js';

export const NeverFits = defineError(
  'NBS_NEVER_FITS',
  409,
  'application {app}: deployment {deployment} fits on no node of this cluster: {reason}; ask for less in its resources, or start a cluster that has it: numGpus, resources or nodes of serve.start(…), --num-gpus, --memory or --nodes of nbserve start',
);
export const DeployFailed = defineError(
  'NBS_DEPLOY_FAILED',
  500,
  'application {app}: deployment {deployment} could not be started: {reason}',
);
/** This is not thrown. The status shows it, and it is the reason in NBS_NO_REPLICA. */
export const ReplicaFailed = defineError('NBS_REPLICA_FAILED', 503, 'application {app}: deployment {deployment}: {reason}');
/** It is the cause if the replica had not run yet. */
export const ReplicaOutOfMemory = defineError(
  'NBS_REPLICA_OUT_OF_MEMORY',
  503,
  'application {app}: deployment {deployment}: replica {replica} was ended because memory ran out ({how}){words}; give it more memory, or run fewer replicas or a smaller model',
);
