/** Data sets, and the assets that lessons use: `import { data, loadMnist } from 'nbserve/data'`. */

// `nbserve/data` has the assets too.
export {
  type Asset,
  type AssetEvent,
  type AssetState,
  type AssetStatus,
  Assets,
  assetCache,
  type Build,
  type Builder,
  type DigitsOptions,
  datasetPath,
  datasetsFolder,
  digitPng,
  type FetchDatasetOptions,
  type FetchOptions,
  fetchDataset,
  type HubSource,
  loadMnist,
  type Manifest,
  MNIST_MEAN,
  MNIST_SIDE,
  MNIST_STD,
  type Mnist,
  mnistTensor,
  Picture,
  type RegistrySource,
  type Source,
  type SourceKind,
  showDigits,
} from '../assets/index.js';
export { Dataset } from './dataset.js';
export { GroupedData } from './grouped.js';
export type { ImageRow, ReadImagesOptions } from './images.js';
export type { SplitOptions } from './plans.js';
export { data, type ReadCsvOptions, type ReadOptions } from './read.js';
export type {
  AggregateKind,
  ArrowBatch,
  ArrowTable,
  Batch,
  BatchClass,
  BatchResult,
  Beside,
  Column,
  FunctionOptions,
  IterOptions,
  Joined,
  JoinKind,
  JoinOptions,
  MapBatchesOptions,
  NumberColumn,
  ReadArrowOptions,
  Results,
  Row,
  RowOf,
  SchemaColumn,
  SeedOptions,
  SortOptions,
  WorkerResources,
  WriteOptions,
} from './types.js';
