export { enterBatch, enterRequest, getMultiplexedModelId, requestContext, wantRequestContexts } from './enter-request.js';
export type { NestedCall, RequestContext, RequestOrigin } from './request-context.js';
