/** The layers: `nn.sequential(nn.conv2d(1, 8, 3), nn.relu(), …)`. */
export {
  avgPool2d,
  batchNorm2d,
  conv2d,
  dropout,
  flatten,
  globalAvgPool2d,
  linear,
  maxPool2d,
  relu,
  residual,
  sequential,
} from './layers.js';
export { resnet18 } from './resnet.js';
