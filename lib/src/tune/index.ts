/** Searches for the best configuration: `import { tune } from 'nbserve/tune'`. */
export * as tune from './api.js';
export type { Domain } from './domain.js';
export type { TuneConfig, TuneRunConfig } from './options.js';
export type { BestOptions, Mode, ResultGrid, TrialResult } from './results.js';
export type { ASHAOptions, MedianOptions, Progress, Scheduler } from './scheduler.js';
export type { Finished, SearchAlgorithm, TPEOptions } from './search.js';
export type { ConfigOf, Dimension, ParamSpace, SpaceOf } from './space.js';
export type { Trainable, TrialFunction, TrialResources, WithResources } from './trainable.js';
export type { TrialError, TrialStatus } from './trial.js';
export type { Tuner, TunerConstructor, TunerOptions } from './tuner.js';
