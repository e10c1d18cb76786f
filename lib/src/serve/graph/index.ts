export { describeGraph } from './describe.js';
export { drawGraph } from './draw.js';
export { GraphDriver, type GraphHttp } from './driver.js';
export { type GraphInputNode, GraphNode } from './node.js';
export { type GraphPlan, planGraph } from './plan.js';
