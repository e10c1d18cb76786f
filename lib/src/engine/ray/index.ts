export { headMark } from './head-mark.js';
export { machinesOnRay } from './machines-on-ray.js';
export { RayApi } from './ray-api.js';
export { RayNodes } from './ray-nodes.js';
