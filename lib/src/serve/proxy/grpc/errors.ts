import { defineError } from '../../../core/index.js';

export const NoApplication = defineError('NBS_NO_APPLICATION', 404, 'no application {application} runs');
export const ApplicationUnnamed = defineError(
  'NBS_APPLICATION_UNNAMED',
  400,
  'several applications run, or none: name one in the metadata application',
);
export const GrpcUnauthorized = defineError(
  'NBS_GRPC_UNAUTHORIZED',
  401,
  "send the cluster's token in the metadata nbserve-token",
);
