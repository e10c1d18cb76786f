import { defineError } from '../../core/index.js';

export const NotDefinedAgain = defineError(
  'NBS_NOT_DEFINED_AGAIN',
  400,
  'a replica ran {file}, which did not define deployment {name} at {place} as it did before; define it at the top level of the module. Do not define it under a condition that differs in the replica, in a function that is called later, or after a long wait.',
);
export const NotToldApart = defineError(
  'NBS_NOT_TOLD_APART',
  400,
  'a replica ran {file}, which defines {count} deployments at {place}, and cannot tell which of them is {name}: give each a name of its own, serve.deployment(…, { name }), or pass what differs between them to bind()',
);
export const FailedBeforeDefined = defineError(
  'NBS_FAILED_BEFORE_DEFINED',
  400,
  'a replica ran {file}, which failed before it defined deployment {name}: {reason}; serve.run deploys nothing in a replica, so nothing answers there: define each deployment above the first use of a result of serve.run',
);
export const InReplica = defineError(
  'NBS_IN_REPLICA',
  409,
  'serve.{method} cannot be called in a replica, here of {deployment}: replicas answer requests and do not change their cluster; call it in the notebook or script that runs the application; {instead}',
);
