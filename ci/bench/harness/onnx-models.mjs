// Models of the sizes that users have, with random weights.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from 'nbserve/onnx';

const noise = (/** @type {number} */ size, /** @type {number} */ scale) =>
  Float32Array.from({ length: size }, () => (Math.random() - 0.5) * 2 * scale);
const tensor = (/** @type {number[]} */ dims, scale = Math.sqrt(6 / dims.slice(1).reduce((a, b) => a * b, 1))) =>
  /** @type {const} */ ({
    type: 'float32',
    dims,
    data: noise(
      dims.reduce((a, b) => a * b, 1),
      scale,
    ),
  });
const info = (/** @type {string} */ name, /** @type {(string | number)[]} */ shape) =>
  /** @type {const} */ ({ name, type: 'float32', shape });

/** The graph of ResNet18 without batch norms, which exporters fold into the convolutions: 11.7 million weights, images of 224 × 224. */
function resnet18() {
  const nodes = [];
  const weights = {};
  let count = 0;
  const conv = (input, from, to, kernel, stride, relu = true) => {
    count += 1;
    const [name, pad] = [`c${count}`, kernel >> 1];
    weights[`w${count}`] = tensor([to, from, kernel, kernel]);
    nodes.push({
      op: 'Conv',
      inputs: [input, `w${count}`],
      outputs: [name],
      attributes: { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] },
    });
    if (relu) nodes.push({ op: 'Relu', inputs: [name], outputs: [`r${count}`] });
    return relu ? `r${count}` : name;
  };
  let at = conv('image', 3, 64, 7, 2);
  nodes.push({
    op: 'MaxPool',
    inputs: [at],
    outputs: ['pool'],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  });
  at = 'pool';
  let from = 64;
  for (const [to, stride] of [
    [64, 1],
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
    [512, 1],
  ]) {
    const branch = conv(conv(at, from, to, 3, stride), to, to, 3, 1, false);
    const short = stride === 1 && from === to ? at : conv(at, from, to, 1, stride, false);
    count += 1;
    nodes.push(
      { op: 'Add', inputs: [branch, short], outputs: [`a${count}`] },
      { op: 'Relu', inputs: [`a${count}`], outputs: [`s${count}`] },
    );
    at = `s${count}`;
    from = to;
  }
  weights.classes = tensor([512, 1000], 0.04);
  nodes.push(
    { op: 'GlobalAveragePool', inputs: [at], outputs: ['mean'] },
    { op: 'Flatten', inputs: ['mean'], outputs: ['flat'] },
    { op: 'MatMul', inputs: ['flat', 'classes'], outputs: ['logits'] },
  );
  const shape = ['batch', 3, 224, 224];
  return { name: 'resnet18', inputs: [info('image', shape)], outputs: [info('logits', ['batch', 1000])], nodes, weights };
}

/** 200 MiB of weights in matrices. */
function large() {
  const size = 2048;
  const names = Array.from({ length: 12 }, (_, i) => `w${i}`).concat('v');
  const weights = Object.fromEntries(names.map((name) => [name, tensor([size, name === 'v' ? 1024 : size], 0.03)]));
  const nodes = names.map((name, i) => ({
    op: 'MatMul',
    inputs: [i === 0 ? 'x' : `m${i - 1}`, name],
    outputs: [name === 'v' ? 'y' : `m${i}`],
  }));
  return { name: 'large', inputs: [info('x', ['batch', size])], outputs: [info('y', ['batch', 1024])], nodes, weights };
}

/** Matrices of 512 × 512, one product after the other, about 1 ms each. */
function slow() {
  const turns = 600;
  const nodes = Array.from({ length: turns }, (_, i) => ({
    op: 'MatMul',
    inputs: [i === 0 ? 'x' : `m${i - 1}`, 'w'],
    outputs: [i === turns - 1 ? 'y' : `m${i}`],
  }));
  return {
    name: 'slow',
    inputs: [info('x', [512, 512])],
    outputs: [info('y', [512, 512])],
    nodes,
    weights: { w: tensor([512, 512], 0.05) },
  };
}

/** Writes the models; name → path. */
export function writeModels(/** @type {string} */ folder) {
  const specs = { resnet18: resnet18(), large: large(), slow: slow() };
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, encodeModel(/** @type {any} */ (spec)));
      return [name, path];
    }),
  );
}
