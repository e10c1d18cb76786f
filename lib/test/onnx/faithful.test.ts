import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DataType, encodeModel, onnx, type TensorInfo } from 'nbserve/onnx';

/** A model of one operator, which returns its input or a conversion of it. */
function operator(op: string, x: Pick<TensorInfo, 'shape'> & { readonly type?: DataType }, attributes = {}): Uint8Array {
  const info = { type: 'float32', ...x } as const;
  return encodeModel({
    name: op,
    inputs: [{ ...info, name: 'x' }],
    outputs: [{ ...info, name: 'y' }],
    nodes: [{ op, inputs: ['x'], outputs: ['y'], attributes }],
    weights: {},
  });
}

test('dimensions without a name are independent, those with the same name are not', async () => {
  for (const shape of [
    ['?', '?'],
    ['', ''],
    ['None', 'None'],
    ['unk', 'unk'],
    ['*', '*'],
    ['-1', '-1'],
    [-1, -1],
    ['a', 'b'],
    [],
  ]) {
    const model = await onnx.load(operator('Relu', { shape }), { device: 'cpu' });
    const { y } = await model.run(onnx.tensor([[1, -2, 3]]));
    assert.deepEqual(onnx.toArray(y as NonNullable<typeof y>), [[1, 0, 3]], JSON.stringify(shape));
    await model.dispose();
  }
  const square = await onnx.load(operator('Relu', { shape: ['n', 'n'] }), { device: 'cpu' });
  await assert.rejects(square.run(onnx.tensor([[1, 2, 3]])), { code: 'NBS_ONNX_WRONG_SHAPE', message: /; n is 1 in input x/ });
  await square.dispose();
  const classifier = await onnx.load(operator('Relu', { shape: ['?', 3, '?', '?'] }), { device: 'cpu' });
  const { y } = await classifier.run(onnx.tensor(new Float32Array(3 * 4 * 5), [1, 3, 4, 5]));
  assert.deepEqual(y?.dims, [1, 3, 4, 5]);
  await assert.rejects(classifier.run(onnx.tensor(new Float32Array(40), [1, 2, 4, 5])), { code: 'NBS_ONNX_WRONG_SHAPE' });
  await classifier.dispose();
});

test('float16 goes in and comes out unchanged, and can be joined', async () => {
  const model = await onnx.load(operator('Identity', { type: 'float16', shape: ['n'] }), { device: 'cpu' });
  const { y } = await model.run(onnx.tensor('float16', [1.5, 2.5]));
  assert.ok(y !== undefined);
  assert.deepEqual([y.type, y.data], ['float16', Uint16Array.of(0x3e00, 0x4100)]);
  assert.deepEqual(onnx.toArray(y), [1.5, 2.5]);
  const joined = onnx.concat([y, y]);
  assert.deepEqual(joined.data, Uint16Array.of(0x3e00, 0x4100, 0x3e00, 0x4100));
  assert.deepEqual(onnx.argmax(joined), [1]);
  assert.deepEqual([...onnx.fromFloat16(onnx.toFloat16([0.1]))], [0.0999755859375]);
  const batch = await model.runBatch([onnx.tensor('float16', [1]), onnx.tensor('float16', [2, 3])]);
  assert.deepEqual(
    batch.map((each) => onnx.toArray(each.y as NonNullable<typeof y>)),
    [[1], [2, 3]],
  );
  const Native = (globalThis as { Float16Array?: new (values: number[]) => Uint16Array }).Float16Array;
  if (Native !== undefined) {
    const half = onnx.tensor(new Native([1.5, 2.5]));
    assert.deepEqual([half.type, (await model.run(half)).y?.data], ['float16', y.data]);
    assert.deepEqual((await model.run({ type: 'float16', dims: [2], data: new Native([1.5, 2.5]) })).y?.data, y.data);
  }
  await model.dispose();
});

/** float32 x → QuantizeLinear → uint4 y → DequantizeLinear → float32 z. */
const quantize = Buffer.from(
  'CAoSAXQ6rwEKLQoBeAoBcwoBbxIBeRoPblF1YW50aXplTGluZWFyIg5RdWFudGl6ZUxpbmVhcgouCgF5CgFzEgF6GhFuRGVxdWFudGl6ZUxpbmVhciIQRGVxdWFudGl6ZUxpbmVhchIBZyoLEAFCAXNKBAAAgD8qCBAVQgFvSgEAWhAKAXgSCwoJCAESBQoDEgFuYhAKAXkSCwoJCBUSBQoDEgFuYhAKAXoSCwoJCAESBQoDEgFuQgQKABAV',
  'base64',
);

test('a model with an output that would end the process is refused when it is loaded', async () => {
  await assert.rejects(onnx.load(quantize, { device: 'cpu', name: 'quantize' }), {
    code: 'NBS_ONNX_UNSUPPORTED_TYPE',
    message: /the model quantize has an output that cannot be read here: y: uint4\[n\]; .* \{ outputs \}/,
  });
  const model = await onnx.load(quantize, { device: 'cpu', outputs: { z: 'float32' } });
  assert.deepEqual([...(await model.run(onnx.tensor([1, 2]))).z.data], [1, 2]);
  await model.dispose();
});

/** Models with one node, and one input or output that has no array in JavaScript. */
const WITHOUT_ARRAY = [
  [
    'bfloat16 input',
    'CAk6QAoXCgF4EgF5IgRDYXN0KgkKAnRvGAGgAQISAWdaEAoBeBILCgkIEBIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CBAoAEBM=',
    'INPUT',
    /x: bfloat16\[n\]/,
  ],
  [
    'bfloat16 output',
    'CAk6QAoXCgF4EgF5IgRDYXN0KgkKAnRvGBCgAQISAWdaEAoBeBILCgkIARIFCgMSAW5iEAoBeRILCgkIEBIFCgMSAW5CBAoAEBM=',
    'TYPE',
    /y: bfloat16\[n\]/,
  ],
  [
    'float8 input',
    'CAk6QAoXCgF4EgF5IgRDYXN0KgkKAnRvGAGgAQISAWdaEAoBeBILCgkIERIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CBAoAEBM=',
    'INPUT',
    /x: float8e4m3fn\[n\]/,
  ],
  [
    'sequence',
    'CAk6PgoWCgF4EgF5Ig5TZXF1ZW5jZUxlbmd0aBIBZ1oUCgF4Eg8iDQoLCgkIARIFCgMSAW5iCwoBeRIGCgQIBxIAQgQKABAT',
    'INPUT',
    /x: not a tensor;/,
  ],
  [
    'optional',
    'CAk6QgoaCgF4EgF5IhJPcHRpb25hbEhhc0VsZW1lbnQSAWdaFAoBeBIPSg0KCwoJCAESBQoDEgFuYgsKAXkSBgoECAkSAEIECgAQEw==',
    'INPUT',
    /x: not a tensor;/,
  ],
] as const;

for (const [what, model, code, message] of WITHOUT_ARRAY)
  test(`a model with ${what} is refused with what it is, beside the loop and in it`, async () => {
    for (const runIn of ['beside', 'loop'] as const)
      await assert.rejects(onnx.load(Buffer.from(model, 'base64'), { device: 'cpu', runIn }), {
        code: `NBS_ONNX_UNSUPPORTED_${code}`,
        message,
      });
  });

test('a model that is quantized to int8 gives the same beside the loop and in it', async () => {
  const quantized = encodeModel({
    name: 'int8',
    inputs: [{ name: 'x', type: 'float32', shape: ['n', 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['n', 2] }],
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', 'scale', 'zero'], outputs: ['q'] },
      { op: 'MatMulInteger', inputs: ['q', 'w', 'zero', 'zero'], outputs: ['i'] },
      { op: 'Cast', inputs: ['i'], outputs: ['f'], attributes: { to: 1 } },
      { op: 'Mul', inputs: ['f', 'scale'], outputs: ['y'] },
    ],
    weights: {
      scale: onnx.tensor('float32', [0.5], []),
      zero: onnx.tensor('int8', [0], []),
      w: onnx.tensor('int8', [1, -2, 3, 127], [2, 2]),
    },
  });
  for (const runIn of ['beside', 'loop'] as const) {
    const model = await onnx.load(quantized, { device: 'cpu', runIn });
    // The first row fits into int8, and the second is cut off at 127 and -128.
    const { y } = await model.run(
      onnx.tensor([
        [1, -1.5],
        [100, -100],
      ]),
    );
    assert.deepEqual([...(y?.data ?? [])], [-3.5, -192.5, -128.5, -8255]);
    await model.dispose();
  }
});

test('a tensor whose type, dims and data do not agree is refused before the runtime gets it', async () => {
  const model = await onnx.load(operator('Identity', { type: 'uint8', shape: ['n'] }), { device: 'cpu' });
  const refuses = (tensor: unknown, message: RegExp) =>
    assert.rejects(model.run(tensor as ReturnType<typeof onnx.tensor>), { code: 'NBS_ONNX_INVALID_TENSOR', message });
  await refuses({ type: 'uint8', dims: [1], data: [300] }, /element 0 is 300, which uint8 cannot hold/);
  await refuses({ type: 'uint8', dims: [1], data: Float32Array.of(1) }, /input x is uint8, its data is a Float32Array/);
  await refuses({ type: 'uint8', dims: [-1, -1], data: [1] }, /integers from 0 to 2147483647/);
  assert.deepEqual([...((await model.run({ type: 'uint8', dims: [1], data: [7] } as never)).y?.data ?? [])], [7]);
  await model.dispose();
});

test('a value that the type of an input cannot hold is refused before the runtime gets it', async () => {
  for (const [type, data, dims, message] of [
    ['bool', Uint8Array.of(1, 2), [2], /element 1 is 2, which bool cannot hold/],
    ['string', ['a', 1], [2], /element 1 is of type number, which string cannot hold/],
    ['float32', new Float32Array(0), [0, 2 ** 40], /dimensions \[0, 1099511627776\]; they must be integers from 0 to/],
  ] as const) {
    const model = await onnx.load(operator('Identity', { type, shape: dims.map((_, axis) => `d${axis}`) }), { device: 'cpu' });
    await assert.rejects(model.run({ type, dims, data } as never), { code: 'NBS_ONNX_INVALID_TENSOR', message });
    await model.dispose();
  }
});
