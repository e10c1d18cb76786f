export { type Callers, debuggerSeesReplicas, interruption, printAsCaller, setCallers } from './callers.js';
export {
  addHandleContext,
  contextOf,
  type HandleContext,
  type LocalContext,
  replicaCluster,
  setHandleContext,
  setLocalContext,
} from './context.js';
export { NotRunning } from './errors.js';
export { callNode, createHandle, methodsOf } from './handle.js';
export { PendingHandle, registerHandleCodec } from './handle-codec.js';
export { readPassed } from './passed-args.js';
export { RemoteCall } from './remote-call.js';
export { isResponse, sendableResponse } from './response-codec.js';
