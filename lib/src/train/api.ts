/** The members of `train`. */
export {
  type Columns,
  type ColumnValues,
  type Feature,
  type ImportanceType,
  loadTrees,
  type MetricName,
  type ObjectiveName,
  type TreeMetrics,
  TreesModel,
  type TreesModelData,
  type TreesParams,
  type TreesResult,
  type TreesRunConfig,
  TreesTrainer,
  type TreesTrainerOptions,
} from '../trees/index.js';
export { fromDirectory, latestCheckpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
export { Trainer } from './trainer.js';
export { getCheckpoint, getContext, prepareDataLoader, prepareModel, report } from './worker-context.js';
