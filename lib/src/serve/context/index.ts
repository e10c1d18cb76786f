export { enterBatch, enterRequest, getMultiplexedModelId, requestContext, wantRequestContexts } from './enter-request.js';
export { enterReplica, replicaContext, setReplicaContext } from './replica-context.js';
export type { NestedCall, RequestContext, RequestOrigin } from './request-context.js';
export type { ReplicaContext } from './types.js';
