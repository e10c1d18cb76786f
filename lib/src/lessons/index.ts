/** Checks of exercises: `import { Exercise } from 'nbserve/lessons'`. The lessons use it, and so can your own. */
export type { Answer, AskOptions, Service } from './answer.js';
export { shown } from './answer.js';
export type { Check } from './check.js';
export { Exercise } from './exercise.js';
