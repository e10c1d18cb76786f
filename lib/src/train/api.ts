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
  TreesTrainer,
  type TreesTrainerOptions,
} from '../trees/index.js';
