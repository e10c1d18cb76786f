export { disposeModels, multiplexed } from './multiplexed.js';
export type { MultiplexedDecorator, MultiplexedOptions } from './types.js';
