import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeModel, load, type Tensor } from '../../onnx/index.js';
import * as operations from './operations.js';
import { Random } from './random.js';
import * as reference from './reference.test-support.js';
import { Tape, type Value } from './tape.js';

type Inputs = Readonly<Record<string, reference.Array4>>;

/** Random numbers in steps of 1/64, so that 32 and 64 bits hold the same ones. */
function numbers(random: Random, ...dims: readonly number[]): reference.Array4 {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { dims, data: Float64Array.from({ length }, () => Math.round(random.normal() * 64) / 64) };
}

const asTensor = ({ dims, data }: reference.Array4): Tensor<'float32'> => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

interface Graph {
  /** The loss, and the gradient of each input by its name. */
  run(inputs: Inputs): Promise<{ loss: number; gradients: Record<string, Float32Array> }>;
  dispose(): Promise<void>;
}

/** An ONNX graph with every input as a parameter, so that it has a gradient. The loss is the sum of (output × weights of its own), or what `lossOf` makes. */
async function graphOf(
  inputs: Inputs,
  operation: (tape: Tape, values: Readonly<Record<string, Value>>) => Value,
  extra: Readonly<Record<string, Tensor>> = {},
  outer?: reference.Array4,
): Promise<Graph> {
  const tape = new Tape();
  const values: Record<string, Value> = {};
  for (const [name, { dims }] of Object.entries(inputs)) {
    const isBatch = name === 'x' || name === 'other';
    tape.parameter(name, dims, { kind: 'constant', value: 0 });
    values[name] = { name, dims: isBatch ? [-1, ...dims.slice(1)] : dims, isTrained: true };
  }
  let loss = operation(tape, values);
  if (outer !== undefined) {
    const outerName = tape.constant('outer', asTensor(outer));
    const y = loss;
    const product = tape.record(tape.node('Mul', [y.name, outerName]), y.dims, [[y, (dy) => tape.node('Mul', [dy, outerName])]]);
    const sum = tape.node('ReduceSum', [product.name], { keepdims: 0 });
    loss = tape.record(sum, [], [[product, (dy) => tape.node('Expand', [dy, tape.node('Shape', [product.name])])]]);
  }
  const gradients = tape.backward(loss);
  tape.name(loss.name, 'loss');
  const outputs = Object.entries(inputs).map(([name, { dims }]) => ({
    name: tape.name(gradients.get(name) as string, `gradient:${name}`),
    type: 'float32' as const,
    shape: dims,
  }));
  const model = await load(
    encodeModel({
      name: 'gradients',
      inputs: [
        ...tape.parameters.map(({ name, dims }) => ({ name, type: 'float32' as const, shape: dims })),
        ...Object.entries(extra).map(([name, { type, dims }]) => ({ name, type, shape: dims })),
      ],
      outputs: [{ name: 'loss', type: 'float32', shape: [] }, ...outputs],
      nodes: tape.nodes,
      weights: tape.constants,
    }),
    { device: 'cpu', intraOpThreads: 1, logLevel: 'error' },
  );
  return {
    async run(given) {
      const feeds = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, asTensor(value)]));
      const found = (await model.run({ ...feeds, ...extra })) as Record<string, Tensor<'float32'>>;
      const own = Object.keys(given).map((name) => [name, found[`gradient:${name}`]?.data as Float32Array] as const);
      return { loss: found.loss?.data[0] as number, gradients: Object.fromEntries(own) };
    },
    dispose: () => model.dispose(),
  };
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance: number): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < actual.length; i += 1) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    assert.ok(difference <= tolerance * scale, `${what}[${i}]: ${actual[i]} for ${expected[i]}`);
  }
}

/** Compares with central differences of the graph's own loss. @param step a power of two, so that 32 bits hold both ends exactly */
async function assertDifferences(graph: Graph, inputs: Inputs, random: Random, step = 2 ** -5): Promise<void> {
  const { gradients } = await graph.run(inputs);
  for (const [name, { dims, data }] of Object.entries(inputs)) {
    for (let tries = 0; tries < 6; tries += 1) {
      const i = Math.floor(random.uniform() * data.length);
      const moved = async (by: number): Promise<number> => {
        const changed = data.slice();
        changed[i] = (changed[i] as number) + by;
        return (await graph.run({ ...inputs, [name]: { dims, data: changed } })).loss;
      };
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      assertClose([gradients[name]?.[i] as number], [slope], `${name}[${i}] by differences`, 5e-3);
    }
  }
}

const square = (size: number): readonly [number, number] => [size, size];
const WINDOWS: Readonly<Record<string, { readonly size: readonly [number, number]; readonly window: reference.Window }>> = {
  '3×3': { size: [6, 5], window: { kernel: square(3), stride: square(1), padding: square(0) } },
  '3×3, padded': { size: [5, 6], window: { kernel: square(3), stride: square(1), padding: square(1) } },
  '3×3, stride 2, a rest at the edge': { size: [6, 8], window: { kernel: square(3), stride: square(2), padding: square(0) } },
  '3×3, stride 2, padded': { size: [7, 6], window: { kernel: square(3), stride: square(2), padding: square(1) } },
  '1×1, stride 2': { size: [6, 5], window: { kernel: square(1), stride: square(2), padding: square(0) } },
  '2×3, stride 2×1, padded 1×0': { size: [5, 6], window: { kernel: [2, 3], stride: [2, 1], padding: [1, 0] } },
  '7×7, stride 2, padded 3': { size: [9, 10], window: { kernel: square(7), stride: square(2), padding: square(3) } },
  'as large as the picture': { size: [4, 4], window: { kernel: square(4), stride: square(4), padding: square(0) } },
};

describe('gradients', () => {
  for (const [title, { size, window }] of Object.entries(WINDOWS)) {
    it(`of a convolution, ${title}`, async () => {
      const random = new Random(1);
      const inputs = {
        x: numbers(random, 3, 2, ...size),
        weight: numbers(random, 4, 2, ...window.kernel),
        bias: numbers(random, 4),
      };
      const expected = reference.conv(inputs.x, inputs.weight, inputs.bias.data, window);
      const outer = numbers(random, ...expected.y.dims);
      const graph = await graphOf(
        inputs,
        (tape, { x, weight, bias }) => operations.conv2d(tape, x as Value, weight as Value, bias, window),
        {},
        outer,
      );
      const { loss, gradients } = await graph.run(inputs);
      assertClose([loss], [expected.y.data.reduce((sum, value, i) => sum + value * (outer.data[i] as number), 0)], 'loss', 1e-5);
      for (const [name, gradient] of Object.entries(expected.back(outer.data)))
        assertClose(gradients[name] as Float32Array, gradient, name, 1e-5);
      await assertDifferences(graph, inputs, random);
      await graph.dispose();
    });

    if (window.padding.every((each, i) => 2 * each <= (window.kernel[i] as number))) {
      it(`of pooling, ${title}`, async () => {
        const random = new Random(2);
        // Few different numbers: most windows have ties.
        const x = numbers(random, 2, 3, ...size);
        const tied = { dims: x.dims, data: x.data.map((value) => Math.round(value)) };
        for (const [pool, input, run] of [
          [operations.maxPool2d, tied, reference.largest],
          [operations.maxPool2d, x, reference.largest],
          [operations.avgPool2d, x, reference.average],
        ] as const) {
          const expected = run(input, window);
          const outer = numbers(random, ...expected.y.dims);
          const graph = await graphOf({ x: input }, (tape, { x }) => pool(tape, x as Value, window), {}, outer);
          const { gradients } = await graph.run({ x: input });
          assertClose(gradients.x as Float32Array, expected.back(outer.data).x as Float64Array, pool.name, 1e-6);
          if (pool === operations.avgPool2d) await assertDifferences(graph, { x: input }, random);
          await graph.dispose();
        }
        // Numbers that are far enough apart: a small step changes no maximum.
        const order = Array.from(x.data.keys()).sort((a, b) => (x.data[a] as number) - (x.data[b] as number));
        const apart = { dims: x.dims, data: Float64Array.from(order, (place) => place / 8) };
        const outer = numbers(random, ...reference.largest(apart, window).y.dims);
        const graph = await graphOf({ x: apart }, (tape, { x }) => operations.maxPool2d(tape, x as Value, window), {}, outer);
        await assertDifferences(graph, { x: apart }, random);
        await graph.dispose();
      });
    }
  }

  it('of equal maxima go to the first one, whole', async () => {
    const x = { dims: [1, 1, 2, 4], data: Float64Array.of(5, 5, -1, 3, 5, 5, 3, 3) };
    const window = { kernel: square(2), stride: square(2), padding: square(0) };
    const outer = { dims: [1, 1, 1, 2], data: Float64Array.of(10, 20) };
    const graph = await graphOf({ x }, (tape, { x }) => operations.maxPool2d(tape, x as Value, window), {}, outer);
    assert.deepEqual([...((await graph.run({ x })).gradients.x as Float32Array)], [10, 0, 0, 20, 0, 0, 0, 0]);
    await graph.dispose();
  });

  it('of a fully connected layer', async () => {
    const random = new Random(3);
    const inputs = { x: numbers(random, 5, 7), weight: numbers(random, 4, 7), bias: numbers(random, 4) };
    const expected = reference.dense(inputs.x, inputs.weight, inputs.bias.data);
    const outer = numbers(random, 5, 4);
    const graph = await graphOf(
      inputs,
      (tape, { x, weight, bias }) => operations.linear(tape, x as Value, weight as Value, bias),
      {},
      outer,
    );
    const { gradients } = await graph.run(inputs);
    for (const [name, gradient] of Object.entries(expected.back(outer.data)))
      assertClose(gradients[name] as Float32Array, gradient, name, 1e-5);
    await assertDifferences(graph, inputs, random);
    await graph.dispose();
  });

  it('of ReLU are 0 at 0', async () => {
    const x = { dims: [1, 5], data: Float64Array.of(-2, -0, 0, 1e-30, 3) };
    const outer = { dims: [1, 5], data: Float64Array.of(1, 2, 3, 4, 5) };
    const graph = await graphOf({ x }, (tape, { x }) => operations.relu(tape, x as Value), {}, outer);
    const { gradients } = await graph.run({ x });
    assertClose(gradients.x as Float32Array, reference.rectify(x).back(outer.data).x as Float64Array, 'x', 0);
    // At 0, it has no slope.
    const away = { dims: [1, 5], data: Float64Array.of(-2, -0.5, 0.25, 1, 3) };
    await assertDifferences(graph, { x: away }, new Random(9));
    await graph.dispose();
  });

  it('of the mean of each channel, of a sum and of flattening', async () => {
    const random = new Random(4);
    const inputs = { x: numbers(random, 2, 3, 4, 5), other: numbers(random, 2, 3, 4, 5) };
    const outer = numbers(random, 2, 3);
    const graph = await graphOf(
      inputs,
      (tape, { x, other }) =>
        operations.flatten(tape, operations.globalAvgPool2d(tape, operations.add(tape, x as Value, other as Value))),
      {},
      outer,
    );
    const { gradients } = await graph.run(inputs);
    const window = { kernel: [4, 5], stride: [4, 5], padding: [0, 0] } as const;
    const expected = reference.average(inputs.x, window).back(outer.data).x as Float64Array;
    for (const name of ['x', 'other']) assertClose(gradients[name] as Float32Array, expected, name, 1e-6);
    await assertDifferences(graph, inputs, random);
    await graph.dispose();
  });

  it('of batch normalisation, by the input, the scale and the shift', async () => {
    const random = new Random(5);
    const inputs = { x: numbers(random, 4, 3, 3, 2), scale: numbers(random, 3), shift: numbers(random, 3) };
    const outer = numbers(random, 4, 3, 3, 2);
    const expected = reference.normalised(inputs.x, inputs.scale.data, inputs.shift.data, 1e-5);
    const graph = await graphOf(
      inputs,
      (tape, { x, scale, shift }) =>
        operations.batchNorm2d(tape, x as Value, {
          scale: scale as Value,
          shift: shift as Value,
          runningMean: '',
          runningVariance: '',
          epsilon: 1e-5,
          momentum: 0.1,
        }),
      {},
      outer,
    );
    const { gradients } = await graph.run(inputs);
    const back = expected.back(outer.data);
    assertClose(gradients.x as Float32Array, back.x as Float64Array, 'x', 1e-5);
    assertClose(gradients.scale as Float32Array, back.weight as Float64Array, 'scale', 1e-5);
    assertClose(gradients.shift as Float32Array, back.bias as Float64Array, 'shift', 1e-5);
    await assertDifferences(graph, inputs, random);
    await graph.dispose();
  });

  it('of dropout pass where the mask lets values pass', async () => {
    const random = new Random(6);
    const x = numbers(random, 2, 4);
    const outer = numbers(random, 2, 4);
    const mask = { type: 'float32', dims: [2, 4], data: Float32Array.of(0, 2, 0, 2, 2, 0, 2, 0) } as const;
    const graph = await graphOf({ x }, (tape, { x }) => operations.dropout(tape, x as Value, 'mask', 0.5), { mask }, outer);
    const { gradients } = await graph.run({ x });
    assertClose(
      gradients.x as Float32Array,
      outer.data.map((value, i) => value * (mask.data[i] as number)),
      'x',
      0,
    );
    await assertDifferences(graph, { x }, random);
    await graph.dispose();
  });

  it('of cross-entropy, also for logits that are far apart', async () => {
    const random = new Random(7);
    const labels = { type: 'int32', dims: [4], data: Int32Array.of(0, 4, 2, 2) } as const;
    for (const factor of [1, 40]) {
      const small = numbers(random, 4, 5);
      const x = { dims: small.dims, data: small.data.map((value) => value * factor) };
      const expected = reference.softmaxLoss(x, labels.data);
      const graph = await graphOf({ x }, (tape, { x }) => operations.crossEntropy(tape, x as Value, 'labels'), { labels });
      const { loss, gradients } = await graph.run({ x });
      assertClose([loss], [expected.loss], 'loss', 1e-5);
      assertClose(gradients.x as Float32Array, expected.gradient, 'x', 1e-6);
      if (factor === 1) await assertDifferences(graph, { x }, random);
      await graph.dispose();
    }
  });

  it('of the mean squared error', async () => {
    const random = new Random(8);
    const x = numbers(random, 3, 4);
    const goal = numbers(random, 3, 4);
    const graph = await graphOf({ x }, (tape, { x }) => operations.meanSquaredError(tape, x as Value, 'goal'), {
      goal: asTensor(goal),
    });
    const { loss, gradients } = await graph.run({ x });
    const differences = x.data.map((value, i) => value - (goal.data[i] as number));
    assertClose([loss], [differences.reduce((sum, value) => sum + value * value, 0) / 12], 'loss', 1e-6);
    assertClose(
      gradients.x as Float32Array,
      differences.map((value) => (2 * value) / 12),
      'x',
      1e-6,
    );
    await assertDifferences(graph, { x }, random);
    await graph.dispose();
  });
});
