import { defineError } from '../../core/index.js';

export const Superseded = defineError(
  'NBS_SUPERSEDED',
  409,
  'application {app}: this version was discarded before it ran, because a newer request came: {newer}',
);
