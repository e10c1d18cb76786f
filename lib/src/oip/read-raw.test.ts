import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DataType, type TensorInfo, tensor } from '../onnx/index.js';
import { readRaw } from './read-raw.js';
import { bytesOf } from './tensor-bytes.js';

const input = (shape: TensorInfo['shape'], type: DataType = 'float32'): TensorInfo => ({ name: 'x', type, shape });
const six = tensor([1, 2, 3, 4, 5, 6]);

test('the shape follows from the model and the number of bytes', () => {
  const dims = (shape: TensorInfo['shape']) => readRaw(bytesOf(six), [input(shape)]).feeds.x?.dims;
  assert.deepEqual(dims([2, 3]), [2, 3]);
  assert.deepEqual(dims(['batch', 3]), [2, 3]);
  assert.deepEqual(dims(['batch', 'length']), [1, 6]);
  assert.deepEqual(dims(['batch', 'length', 2]), [1, 3, 2]);
  assert.deepEqual(dims([-1, 2]), [3, 2]);
  const { feeds, outputs, binaryByDefault } = readRaw(bytesOf(six), [input(['n'])]);
  assert.deepEqual([feeds.x, outputs, binaryByDefault], [six, null, true]);
  const text = readRaw(Buffer.from('größe'), [input(['batch'], 'string')]);
  assert.deepEqual(text.feeds.x, { type: 'string', dims: [1], data: ['größe'] });
  assert.deepEqual(readRaw(new Uint8Array(), [input(['batch', 3])]).feeds.x?.dims, [0, 3]);
});

test('bytes that do not fit, and models with several inputs, are refused with the reason', () => {
  const bytes = bytesOf(six);
  const refused = (work: () => unknown, message: RegExp) => assert.throws(work, { code: 'NBS_OIP_BAD_REQUEST', message });
  refused(() => readRaw(bytes, [input([1]), input([1])]), /needs a model with one input, and this one has 2/);
  refused(() => readRaw(bytes, []), /one input/);
  refused(() => readRaw(bytes, [input([5])]), /has 24 bytes, and the input x has the type FP32 and the shape \[5\]: 20 bytes/);
  refused(() => readRaw(bytes, [input(['n', 5])]), /a multiple of 20 bytes/);
  refused(() => readRaw(bytes.subarray(1), [input(['n'])]), /a multiple of 4 bytes/);
  refused(() => readRaw(bytes, [input([2, 'a', 'b'])]), /several dimensions are free/);
  refused(() => readRaw(bytes, [input(['n', 0])]), /has 24 bytes/);
  refused(() => readRaw(bytes, [input([2], 'string')]), /has one text/);
  refused(() => readRaw(Buffer.of(0xff), [input(['n'], 'string')]), /not UTF-8/);
});
