/** Training: `import { train } from 'nbserve/train'`, and for neural networks `nn, Network, Adam, DataLoader` beside it. */

export type { TrainCheckpoint } from '../session/index.js';
export type { TreesModel, TreesParams, TreesResult, TreesRunConfig, TreesTrainer, TreesTrainerOptions } from './api.js';
export * as train from './api.js';
export type { CheckpointParts } from './checkpoint.js';
export {
  Adam,
  type AdamOptions,
  type Average,
  type Batch,
  type ConvOptions,
  DataLoader,
  type Dataset,
  type ImageOptions,
  imageDataset,
  type Layer,
  type LoaderOptions,
  type Loss,
  Network,
  type NetworkOptions,
  nn,
  type Optimizer,
  type OptimizerState,
  type PoolOptions,
  Sgd,
  type SgdOptions,
  type Target,
  tensorDataset,
} from './nn/index.js';
export type { RunConfig, ScalingConfig } from './options.js';
export type { TrainerOptions, TrainResult } from './trainer.js';
export type { TrainContext } from './worker-context.js';
