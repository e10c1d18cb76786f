export { type HandleContext, handleContext, replicaCluster, setHandleContext } from './context.js';
export { NotRunning } from './errors.js';
export { createHandle } from './handle.js';
export { registerHandleCodec } from './handle-codec.js';
export { PendingHandle } from './pending-handle.js';
