/** Committed datasets and models, and what lessons read from them. `nbserve/data` exports this beside its data sets. */
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
