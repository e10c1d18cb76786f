/** Training: `import { train } from 'nbserve/train'`. */
export * as train from './api.js';
export type { TreesModel, TreesParams, TreesResult, TreesTrainer, TreesTrainerOptions } from './api.js';
