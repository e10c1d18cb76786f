/** Training: `import { train } from 'nbserve/train'`. */

export type { TreesModel, TreesParams, TreesResult, TreesTrainer, TreesTrainerOptions } from './api.js';
export * as train from './api.js';
