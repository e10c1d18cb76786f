export { noteDefinition, noteModule, originOf, type Target } from './definitions.js';
export { hasChanged } from './file-stamp.js';
export { WantedDefinition } from './find-definition.js';
export { type ClusterChange, inertChange, makeInert, servedScope } from './inert.js';
export { mappedSites } from './mapped-sites.js';
