/** Datasets and the assets that lessons use: `import { loadMnist, datasetPath } from 'nbserve/data'`. */
export { type AssetEvent, type AssetState, type AssetStatus, Assets } from './assets.js';
export type { Build } from './build.js';
export { assetCache, datasetPath, datasetsFolder } from './dataset-path.js';
export { MNIST_SIDE } from './digit-values.js';
export { type DigitsOptions, digitPng, showDigits } from './digits.js';
export { type FetchDatasetOptions, fetchDataset } from './fetch-dataset.js';
export type { Asset, Builder, Manifest, Source } from './manifest.js';
export { loadMnist, MNIST_MEAN, MNIST_STD, type Mnist, mnistTensor } from './mnist.js';
export { Picture } from './picture.js';
