/** Gradient boosting of trees over histograms. Users get it from `nbserve/train`. */
export type { TreeMetrics } from './boost.js';
export type { Feature } from './features.js';
export { keptTrees, loadTrees } from './files.js';
export type { MetricName } from './metrics.js';
export { type ImportanceType, TreesModel } from './model.js';
export type { TreesModelData } from './model-data.js';
export type { ObjectiveName } from './objective.js';
export type { TreesParams } from './options.js';
export { type Batches, type Columns, type ColumnValues, readColumns, type TreesData } from './table.js';
export { type TreesResult, type TreesRunConfig, TreesTrainer, type TreesTrainerOptions } from './trainer.js';
export type { Tree } from './tree.js';
