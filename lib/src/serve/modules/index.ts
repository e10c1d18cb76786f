export { callerFile } from './caller.js';
export { definedTarget, definingModule, noteDefinition, noteNumbered, originOf, type Target } from './definitions.js';
export { inertRun, isInert, makeInert } from './inert.js';
