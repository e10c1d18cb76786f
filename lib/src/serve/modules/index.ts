export { noteDefinition, noteModule, originOf, type Target } from './definitions.js';
export { InReplica } from './errors.js';
export { hasChanged } from './file-stamp.js';
export { WantedDefinition } from './find-definition.js';
export { type ClusterChange, hasPretended, inertChange, makeInert, servedScope } from './inert.js';
export { mappedSites } from './mapped-sites.js';
