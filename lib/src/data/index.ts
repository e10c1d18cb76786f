/** Data sets, and the assets that lessons use: `import { data, loadMnist } from 'nbserve/data'`. */
export { assetCache } from './asset-cache.js';
export { type AssetEvent, type AssetState, type AssetStatus, Assets, type FetchOptions } from './assets.js';
export type { Build } from './build.js';
export { datasetPath, datasetsFolder } from './dataset-path.js';
export { MNIST_SIDE } from './digit-values.js';
export { type DigitsOptions, digitPng, showDigits } from './digits.js';
export { type FetchDatasetOptions, fetchDataset } from './fetch-dataset.js';
export type { Asset, Builder, HubSource, Manifest, RegistrySource, Source, SourceKind } from './manifest.js';
export { loadMnist, MNIST_MEAN, MNIST_STD, type Mnist, mnistTensor } from './mnist.js';
export { Picture } from './picture.js';
export { Dataset } from './sets/dataset.js';
export { GroupedData } from './sets/grouped.js';
export type { ImageRow, ReadImagesOptions } from './sets/images.js';
export { type ArrowTable, data, type ReadCsvOptions, type ReadOptions } from './sets/read.js';
export type {
  AggregateKind,
  Batch,
  BatchClass,
  BatchResult,
  Column,
  IterOptions,
  MapBatchesOptions,
  NumberColumn,
  Results,
  Row,
  RowOf,
  RunOptions,
  SchemaColumn,
  SeedOptions,
  SortOptions,
  WorkerResources,
  WriteOptions,
} from './sets/types.js';
