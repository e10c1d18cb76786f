import type { Tape, Value } from './tape.js';

/** The operations of networks, each with its gradient. Formulas: Goodfellow, Bengio, Courville, Deep Learning, chapters 6 and 9, if no other source is named. */

export type Pair = readonly [height: number, width: number];

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** The height and width that a window leaves, as PyTorch computes them. */
export function windowed([height, width]: Pair, { kernel, stride, padding }: Window): Pair {
  return [
    Math.floor((height + 2 * padding[0] - kernel[0]) / stride[0]) + 1,
    Math.floor((width + 2 * padding[1] - kernel[1]) / stride[1]) + 1,
  ];
}

const sizeOf = ({ dims }: Value): Pair => [dims[2] as number, dims[3] as number];
const attributesOf = ({ kernel, stride, padding }: Window) => ({
  kernel_shape: [...kernel],
  strides: [...stride],
  pads: [...padding, ...padding],
});

/** What a window did not reach at the lower and right edge. A transposed convolution adds it, so that its result has the size of the input. */
function unreached(size: Pair, { kernel, stride, padding }: Window): Pair {
  return [(size[0] + 2 * padding[0] - kernel[0]) % stride[0], (size[1] + 2 * padding[1] - kernel[1]) % stride[1]];
}

/** y = x ∗ weight + bias. Dimensions as PyTorch: x [n, in, h, w], weight [out, in, kh, kw], bias [out]. */
export function conv2d(tape: Tape, x: Value, weight: Value, bias: Value | undefined, window: Window): Value {
  const size = sizeOf(x);
  const attributes = attributesOf(window);
  const name = tape.node('Conv', [x.name, weight.name, ...(bias === undefined ? [] : [bias.name])], attributes);
  const swapped = (value: string) => tape.node('Transpose', [value], { perm: [1, 0, 2, 3] });
  const rest = unreached(size, window);
  return tape.record(
    name,
    [-1, weight.dims[0] as number, ...windowed(size, window)],
    [
      [x, (dy) => tape.node('ConvTranspose', [dy, weight.name], { ...attributes, output_padding: [...rest] })],
      [
        weight,
        (dy) => {
          // The gradient of a weight is the correlation of input and output gradient over the batch: a convolution with batch and channels swapped,
          // whose kernel is the output gradient. The stride of the forward pass becomes the distance between the kernel's elements.
          const wide = tape.node('Conv', [swapped(x.name), swapped(dy)], {
            dilations: [...window.stride],
            pads: [...window.padding, ...window.padding],
          });
          const isExact = rest[0] === 0 && rest[1] === 0;
          return swapped(
            isExact
              ? wide
              : tape.node('Slice', [wide, tape.integers(0, 0), tape.integers(...window.kernel), tape.integers(2, 3)]),
          );
        },
      ],
      ...(bias === undefined ? [] : [[bias, (dy: string) => sumOver(tape, dy, [0, 2, 3])] as const]),
    ],
  );
}

/** y = x · weightᵀ + bias. Dimensions as PyTorch: x [n, in], weight [out, in], bias [out]. */
export function linear(tape: Tape, x: Value, weight: Value, bias: Value | undefined): Value {
  const name = tape.node('Gemm', [x.name, weight.name, ...(bias === undefined ? [] : [bias.name])], { transB: 1 });
  return tape.record(
    name,
    [-1, weight.dims[0] as number],
    [
      [x, (dy) => tape.node('Gemm', [dy, weight.name])],
      [weight, (dy) => tape.node('Gemm', [dy, x.name], { transA: 1 })],
      ...(bias === undefined ? [] : [[bias, (dy: string) => sumOver(tape, dy, [0])] as const]),
    ],
  );
}

/** y = max(x, 0). The gradient at 0 is 0, as in PyTorch. */
export function relu(tape: Tape, x: Value): Value {
  const name = tape.node('Relu', [x.name]);
  const gradient = (dy: string) => tape.node('Mul', [dy, asFloat(tape, tape.node('Greater', [x.name, tape.float(0)]))]);
  return tape.record(name, x.dims, [[x, gradient]]);
}

/** The largest value of each window. Of several equal ones, the first gets the gradient, as in PyTorch. Windows may overlap. */
export function maxPool2d(tape: Tape, x: Value, window: Window): Value {
  // ONNX Runtime has a faster way if nobody asks for the places of the maxima.
  const outputs = tape.isTraining ? 2 : 1;
  const [name, indices] = tape.nodeOf('MaxPool', [x.name], outputs, attributesOf(window)) as [string, string];
  const gradient = (dy: string) => {
    const flat = tape.integers(-1);
    const length = tape.node('Shape', [tape.node('Reshape', [x.name, flat])]);
    const zeros = tape.node('ConstantOfShape', [length]);
    const parts = [zeros, tape.node('Reshape', [indices, flat]), tape.node('Reshape', [dy, flat])];
    const scattered = tape.node('ScatterElements', parts, { axis: 0, reduction: 'add' });
    return tape.node('Reshape', [scattered, tape.integers(...x.dims)]);
  };
  return tape.record(name, [-1, x.dims[1] as number, ...windowed(sizeOf(x), window)], [[x, gradient]]);
}

/** The mean of each window; the padding counts as zeros, as in PyTorch. */
export function avgPool2d(tape: Tape, x: Value, window: Window): Value {
  const attributes = attributesOf(window);
  const name = tape.node('AveragePool', [x.name], { ...attributes, count_include_pad: 1 });
  const channels = x.dims[1] as number;
  const [height, width] = window.kernel;
  const gradient = (dy: string) => {
    const share = tape.constant(`share_${channels}_${height}_${width}`, {
      type: 'float32',
      dims: [channels, 1, height, width],
      data: new Float32Array(channels * height * width).fill(1 / (height * width)),
    });
    const rest = [...unreached(sizeOf(x), window)];
    return tape.node('ConvTranspose', [dy, share], { ...attributes, group: channels, output_padding: rest });
  };
  return tape.record(name, [-1, channels, ...windowed(sizeOf(x), window)], [[x, gradient]]);
}

/** The mean of each channel: [n, c, h, w] becomes [n, c, 1, 1]. */
export function globalAvgPool2d(tape: Tape, x: Value): Value {
  const name = tape.node('GlobalAveragePool', [x.name]);
  const [height, width] = sizeOf(x);
  const gradient = (dy: string) => {
    const shape = tape.node('Shape', [x.name]);
    return tape.node('Expand', [tape.node('Div', [dy, tape.float(height * width)]), shape]);
  };
  return tape.record(name, [-1, x.dims[1] as number, 1, 1], [[x, gradient]]);
}

export interface Normalisation {
  readonly scale: Value;
  readonly shift: Value;
  readonly runningMean: string;
  readonly runningVariance: string;
  readonly epsilon: number;
  readonly momentum: number;
}

/** Batch normalisation with the running statistics, for a model that is not in training. */
export function normalise(tape: Tape, x: Value, parts: Normalisation): Value {
  const inputs = [x.name, parts.scale.name, parts.shift.name, parts.runningMean, parts.runningVariance];
  return { ...x, name: tape.node('BatchNormalization', inputs, { epsilon: { float: parts.epsilon } }) };
}

/** Batch normalisation with the statistics of the batch (Ioffe and Szegedy 2015), over all dimensions but the channels. */
export function batchNorm2d(tape: Tape, x: Value, parts: Normalisation): Value {
  const axes = [0, 2, 3];
  const wide = tape.integers(1, -1, 1, 1);
  const mean = tape.node('ReduceMean', [x.name], { axes, keepdims: 1 });
  const centred = tape.node('Sub', [x.name, mean]);
  const variance = tape.node('ReduceMean', [tape.node('Mul', [centred, centred])], { axes, keepdims: 1 });
  const deviation = tape.node('Sqrt', [tape.node('Add', [variance, tape.float(parts.epsilon)])]);
  const normal = tape.node('Div', [centred, deviation]);
  const scale = tape.node('Reshape', [parts.scale.name, wide]);
  const name = tape.node('Add', [tape.node('Mul', [normal, scale]), tape.node('Reshape', [parts.shift.name, wide])]);
  const channel = tape.integers(-1);
  tape.measured.push({
    mean: tape.node('Reshape', [mean, channel]),
    variance: tape.node('Reshape', [variance, channel]),
    runningMean: parts.runningMean,
    runningVariance: parts.runningVariance,
    momentum: parts.momentum,
    perSample: sizeOf(x)[0] * sizeOf(x)[1],
  });
  const averaged = (value: string) => tape.node('ReduceMean', [value], { axes, keepdims: 1 });
  return tape.record(name, x.dims, [
    [
      x,
      (dy) => {
        const along = tape.node('Mul', [normal, averaged(tape.node('Mul', [dy, normal]))]);
        const rest = tape.node('Sub', [tape.node('Sub', [dy, averaged(dy)]), along]);
        return tape.node('Mul', [rest, tape.node('Div', [scale, deviation])]);
      },
    ],
    [parts.scale, (dy) => sumOver(tape, tape.node('Mul', [dy, normal]), axes)],
    [parts.shift, (dy) => sumOver(tape, dy, axes)],
  ]);
}

/** Sets each value to zero with the probability p, and divides the others by 1 - p. The random numbers are an input of the graph. */
export function dropout(tape: Tape, x: Value, name: string, p: number): Value {
  tape.masks.push({ name, dims: x.dims.slice(1), p });
  return tape.record(tape.node('Mul', [x.name, name]), x.dims, [[x, (dy) => tape.node('Mul', [dy, name])]]);
}

export function add(tape: Tape, a: Value, b: Value): Value {
  return tape.record(tape.node('Add', [a.name, b.name]), a.dims, [
    [a, (dy) => dy],
    [b, (dy) => dy],
  ]);
}

/** [n, …] becomes [n, product of the others]. */
export function flatten(tape: Tape, x: Value): Value {
  const length = x.dims.slice(1).reduce((product, dim) => product * dim, 1);
  const name = tape.node('Reshape', [x.name, tape.integers(-1, length)]);
  return tape.record(name, [-1, length], [[x, (dy) => tape.node('Reshape', [dy, tape.integers(...x.dims)])]]);
}

/** The mean over the batch of -log softmax(logits)[label]. @param labels the name of an input int32[n], each from 0 to classes - 1 */
export function crossEntropy(tape: Tape, logits: Value, labels: string): Value {
  const classes = logits.dims[1] as number;
  const range = tape.constant(`range_${classes}`, {
    type: 'int32',
    dims: [1, classes],
    data: Int32Array.from({ length: classes }, (_, i) => i),
  });
  const target = asFloat(tape, tape.node('Equal', [tape.node('Reshape', [labels, tape.integers(-1, 1)]), range]));
  const logs = tape.node('LogSoftmax', [logits.name], { axis: -1 });
  const picked = tape.node('ReduceSum', [tape.node('Mul', [logs, target]), tape.integers(1)], { keepdims: 0 });
  const name = tape.node('Neg', [tape.node('ReduceMean', [picked], { keepdims: 0 })]);
  const gradient = (dy: string) => {
    const difference = tape.node('Sub', [tape.node('Exp', [logs]), target]);
    const share = tape.node('Div', [dy, asFloat(tape, tape.node('Size', [labels]))]);
    return tape.node('Mul', [difference, share]);
  };
  return tape.record(name, [], [[logits, gradient]]);
}

/** The mean of (output - target)² over all values. @param target the name of an input with the dimensions of the output */
export function meanSquaredError(tape: Tape, output: Value, target: string): Value {
  const difference = tape.node('Sub', [output.name, target]);
  const name = tape.node('ReduceMean', [tape.node('Mul', [difference, difference])], { keepdims: 0 });
  const gradient = (dy: string) => {
    const share = tape.node('Div', [tape.node('Mul', [dy, tape.float(2)]), asFloat(tape, tape.node('Size', [target]))]);
    return tape.node('Mul', [difference, share]);
  };
  return tape.record(name, [], [[output, gradient]]);
}

const sumOver = (tape: Tape, value: string, axes: readonly number[]): string =>
  tape.node('ReduceSum', [value, tape.integers(...axes)], { keepdims: 0 });

/** TensorProto.DataType FLOAT of onnx.proto. */
const FLOAT = 1;
const asFloat = (tape: Tape, value: string): string => tape.node('Cast', [value], { to: FLOAT });
