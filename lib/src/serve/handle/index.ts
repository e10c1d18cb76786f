export { type HandleContext, handleContext, setHandleContext } from './context.js';
export { createHandle, handleRef } from './handle.js';
export { registerHandleCodec } from './handle-codec.js';
