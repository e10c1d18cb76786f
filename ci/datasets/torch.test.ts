import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zip } from '../../lib/dist/assets/zip.test-support.js';
import { readPickle } from './pickle.js';
import { readCheckpoint, readStateDict, type TorchObject } from './torch.js';

/** Pickle of `{'w': _rebuild_tensor_v2(('storage', <storage type>, '0', 'cpu', 6), 1, (2, 2), <strides>, False, OrderedDict())}`. */
function pickle(options: { storage?: string; strides?: string; call?: string } = {}): Uint8Array {
  const { storage = 'FloatStorage', strides = 'K\x02K\x01\x86', call = '_rebuild_tensor_v2' } = options;
  const string = (text: string) => `X${String.fromCharCode(text.length)}\0\0\0${text}`;
  const id = `(${string('storage')}ctorch\n${storage}\n${string('0')}${string('cpu')}K\x06tQ`;
  return Buffer.from(
    `\x80\x02}(${string('w')}ctorch._utils\n${call}\n(${id}K\x01K\x02K\x02\x86${strides}\x89ccollections\nOrderedDict\n)RtRu.`,
    'latin1',
  );
}

const storage = new Uint8Array(Float32Array.of(9, 1, 2, 3, 4, 9).buffer);
const checkpoint = (data: Uint8Array) => zip({ 'model/data.pkl': data, 'model/data/0': storage });

test('a state dict comes out as tensors', () => {
  assert.deepEqual(readStateDict(checkpoint(pickle()), 'x.pth'), {
    w: { type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  });
});

test('a whole model comes out as objects with their attributes, and half precision is widened', () => {
  const half = new Uint8Array(Uint16Array.of(0, 0x3c00, 0xc000, 0x3555, 0x7bff, 0).buffer);
  const tensor = pickle({ storage: 'HalfStorage' }).subarray(2, -1);
  const text = `\x80\x02cmodels.common\nConv\n)\x81}X\x01\0\0\0p${Buffer.from(tensor).toString('latin1')}sb.`;
  const read = readCheckpoint(zip({ 'm/data.pkl': Buffer.from(text, 'latin1'), 'm/data/0': half }), 'x.pt') as TorchObject;
  assert.equal(read.path, 'models.common.Conv');
  const weights = (read.state.get('p') as Map<string, unknown>).get('w');
  assert.deepEqual(weights, { type: 'float32', dims: [2, 2], data: Float32Array.of(1, -2, 0.333251953125, 65504) });
});

test('what cannot be read is refused, and nothing that a pickle names is run', () => {
  const refuses = (bytes: Uint8Array, reason: RegExp) =>
    assert.throws(() => readStateDict(bytes, 'x.pth'), { code: 'NBS_DATA_INVALID', message: reason });
  refuses(Buffer.from('hello'), /no directory/);
  refuses(zip({ 'a.txt': storage }), /no data\.pkl/);
  refuses(checkpoint(pickle({ call: 'system' })), /it calls torch\._utils\.system/);
  refuses(checkpoint(pickle({ storage: 'HalfStorage' })), /torch\.HalfStorage/);
  refuses(checkpoint(pickle({ strides: 'K\x01K\x02\x86' })), /not contiguous/);
  refuses(zip({ 'model/data.pkl': pickle() }), /storage 0 is missing/);
  for (let end = 2; end < pickle().length; end += 1) refuses(checkpoint(pickle().subarray(0, end)), /ends too early/);
});

test('pickle: numbers, containers and memo', () => {
  const hooks = { call: () => null, persistent: () => null };
  const read = (text: string) => readPickle(Buffer.from(text, 'latin1'), 'x', hooks);
  assert.deepEqual(read('\x80\x02](K\x01M\x00\x01J\xff\xff\xff\xff\x8a\x02\x00\x80\x88NG\x3f\xf8\0\0\0\0\0\0e.'), [
    1,
    256,
    -1,
    -32768,
    true,
    null,
    1.5,
  ]);
  assert.deepEqual(read('\x80\x02K\x07q\x00h\x00\x86.'), [7, 7]);
  assert.throws(() => read('\x80\x02P1\n.'), { code: 'NBS_DATA_INVALID', message: /operation 0x50 at byte 2/ });
});
