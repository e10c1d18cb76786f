/** Networks: layers, their gradients, optimizers, batches. */
export {
  type Batch,
  DataLoader,
  type Dataset,
  type ImageOptions,
  imageDataset,
  type LoaderOptions,
  tensorDataset,
} from './data-loader.js';
export { StateMismatch } from './errors.js';
export type { ConvOptions, Layer, PoolOptions } from './layers.js';
export { type Average, type Loss, Network, type NetworkOptions, type Target } from './network.js';
export * as nn from './nn.js';
export { Adam, type AdamOptions, type Optimizer, type OptimizerState, Sgd, type SgdOptions } from './optimizer.js';
