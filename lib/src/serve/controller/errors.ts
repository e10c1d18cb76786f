import { defineError } from '../../core/index.js';

export const Superseded = defineError(
  'NBS_SUPERSEDED',
  409,
  'application {app}: this version was discarded before it ran, because a newer request came: {newer}',
);
export const DeployedTogether = defineError(
  'NBS_DEPLOYED_TOGETHER',
  409,
  'application {app} was not deployed, because a configuration is deployed as a whole, and {other} cannot be: {reason}',
);
