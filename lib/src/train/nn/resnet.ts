import {
  batchNorm2d,
  conv2d,
  flatten,
  globalAvgPool2d,
  type Layer,
  linear,
  maxPool2d,
  relu,
  residual,
  sequential,
} from './layers.js';

export interface ResnetOptions {
  /** Channels of the pictures: 3 for colours, 1 for grey. @default 3 */
  readonly inChannels?: number;
  /** @default 1000 */
  readonly numClasses?: number;
}

const fanOut = { bias: false, init: 'fan-out' } as const;

/**
 * ResNet-18 (He et al. 2015), with the names and dimensions of torchvision's weights: [n, inChannels, h, w] → [n, numClasses].
 * With one channel, its first convolution is that of the course: 7×7, stride 2, padding 3, without a bias.
 */
export function resnet18({ inChannels = 3, numClasses = 1000 }: ResnetOptions = {}): Layer {
  return sequential({
    conv1: conv2d(inChannels, 64, 7, { stride: 2, padding: 3, ...fanOut }),
    bn1: batchNorm2d(64),
    relu: relu(),
    maxpool: maxPool2d(3, { stride: 2, padding: 1 }),
    layer1: sequential(block(64, 64, 1), block(64, 64, 1)),
    layer2: sequential(block(64, 128, 2), block(128, 128, 1)),
    layer3: sequential(block(128, 256, 2), block(256, 256, 1)),
    layer4: sequential(block(256, 512, 2), block(512, 512, 1)),
    avgpool: globalAvgPool2d(),
    flatten: flatten(),
    fc: linear(512, numClasses),
  });
}

function block(from: number, to: number, stride: number): Layer {
  const layers = {
    conv1: conv2d(from, to, 3, { stride, padding: 1, ...fanOut }),
    bn1: batchNorm2d(to),
    relu: relu(),
    conv2: conv2d(to, to, 3, { padding: 1, ...fanOut }),
    bn2: batchNorm2d(to),
  };
  const isSame = stride === 1 && from === to;
  return residual(layers, isSame ? undefined : sequential(conv2d(from, to, 1, { stride, ...fanOut }), batchNorm2d(to)));
}
