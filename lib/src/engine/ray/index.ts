export { RayApi } from './ray-api.js';
export { RayNodes } from './ray-nodes.js';
