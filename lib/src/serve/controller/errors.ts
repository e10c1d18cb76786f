import { defineError } from '../../core/index.js';

export const DeployedTogether = defineError(
  'NBS_DEPLOYED_TOGETHER',
  409,
  'application {app} was not deployed, because a configuration is deployed as a whole, and {other} cannot be: {reason}',
);
