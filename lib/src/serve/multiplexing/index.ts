export { disposeModels, multiplexed } from './multiplexed.js';
export { enterRequest, getMultiplexedModelId } from './request-context.js';
export type { MultiplexedDecorator, MultiplexedOptions } from './types.js';
