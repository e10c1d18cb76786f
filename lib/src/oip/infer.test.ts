import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DataType, type Tensor, tensor } from '../onnx/index.js';
import { batchObstacle } from './batch-rule.js';
import { datatypeOf } from './data-types.js';
import { readInfer } from './read-infer.js';
import { bytesOf } from './tensor-bytes.js';
import { writeInfer } from './write-infer.js';

const int = (min: number, max: number) => fc.integer({ min, max });
const values: { readonly [T in DataType]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  uint8: int(0, 255),
  uint16: int(0, 65_535),
  uint32: int(0, 2 ** 31 - 1).map((value) => value * 2),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n),
  int8: int(-128, 127),
  int16: int(-32_768, 32_767),
  int32: int(-(2 ** 31), 2 ** 31 - 1),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  float16: int(-2048, 2048),
  float32: fc.float(),
  float64: fc.double(),
  string: fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
};
const anyTensor = fc.constantFrom(...(Object.keys(values) as DataType[])).chain((type) =>
  fc.tuple(int(0, 3), int(0, 3)).chain(([rows, columns]) =>
    fc
      .array(values[type], {
        minLength: rows * columns,
        maxLength: rows * columns,
      })
      .map((each) => tensor(type, each as number[], [rows, columns])),
  ),
);

/** A request whose inputs are all binary. */
function binaryRequest(tensors: readonly Tensor[]): {
  readonly body: Uint8Array;
  readonly headerBytes: string;
} {
  const data = tensors.map(bytesOf);
  const inputs = tensors.map(({ type, dims }, at) => ({
    name: `in${at}`,
    shape: dims,
    datatype: datatypeOf(type),
    parameters: { binary_data_size: data[at]?.length },
  }));
  const json = Buffer.from(JSON.stringify({ inputs }));
  return {
    body: Buffer.concat([json, ...data]),
    headerBytes: String(json.length),
  };
}

test('tensors of every type come back from their bytes, and every shorter body is refused', () => {
  fc.assert(
    fc.property(fc.array(anyTensor, { minLength: 1, maxLength: 4 }), fc.nat(), (tensors, cut) => {
      const { body, headerBytes } = binaryRequest(tensors);
      const { feeds } = readInfer(body, headerBytes);
      assert.deepEqual(Object.values(feeds), tensors);
      assert.throws(() => readInfer(body.subarray(0, cut % body.length), headerBytes), { code: 'NBS_OIP_BAD_REQUEST' });
    }),
  );
});

test('what is written as bytes or as JSON can be read again', () => {
  fc.assert(
    fc.property(anyTensor, fc.boolean(), (given, isBinary) => {
      const isExact = given.type !== 'int64' && given.type !== 'uint64';
      const fitsJson =
        given.type === 'string' || Array.from(given.data as ArrayLike<number>).every((each) => !isExact || Number.isFinite(each));
      const request = {
        id: 'x',
        outputs: [{ name: 'out', isBinary, classes: 0 }],
        binaryByDefault: false,
      };
      const write = () => writeInfer('m', { version: '1', outputs: [{ name: 'out', tensor: given }] }, request);
      if (!isBinary && !fitsJson) {
        assert.throws(write, { code: 'NBS_OIP_NOT_IN_JSON' });
        return;
      }
      const { body, headerBytes } = write();
      const asked = JSON.parse(Buffer.from(body.subarray(0, headerBytes ?? body.length)).toString()) as { outputs: unknown[] };
      if (!isBinary && !isExact) return;
      const text = Buffer.from(JSON.stringify({ inputs: asked.outputs }));
      const again = Buffer.concat([text, body.subarray(headerBytes ?? body.length)]);
      const { feeds } = readInfer(again, headerBytes === null ? null : String(text.length));
      // JSON has no -0.
      const plain = (value: Tensor): unknown[] => Array.from(value.data as ArrayLike<unknown>, (each) => (each === 0 ? 0 : each));
      assert.deepEqual(plain(feeds.out as Tensor), plain(given));
    }),
  );
});

test('integers beyond 2^53 keep their digits in JSON, and are refused if JSON has lost them', () => {
  const big = tensor('int64', [9_007_199_254_740_993n]);
  const { body } = writeInfer(
    'm',
    { version: '1', outputs: [{ name: 'out', tensor: big }] },
    { id: '', outputs: null, binaryByDefault: false },
  );
  assert.match(Buffer.from(body).toString(), /\[9007199254740993\]/);
  const request = '{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
  assert.throws(() => readInfer(Buffer.from(request), null), {
    code: 'NBS_OIP_BAD_REQUEST',
    message: /beyond 2\^53/,
  });
});

test('classes are the largest values of each row', () => {
  const logits = tensor([
    [0.5, 2, -1],
    [3, 1, 2],
  ]);
  const request = {
    id: '',
    outputs: [{ name: 'y', isBinary: false, classes: 2 }],
    binaryByDefault: false,
  };
  const { body } = writeInfer('m', { version: '1', outputs: [{ name: 'y', tensor: logits }] }, request, { y: ['zero', 'one'] });
  const [{ data, shape, datatype }] = (
    JSON.parse(Buffer.from(body).toString()) as {
      outputs: [Record<string, unknown>];
    }
  ).outputs;
  assert.deepEqual(
    [data, shape, datatype],
    [['2.000000:1:one', '0.500000:0:zero', '3.000000:0:zero', '2.000000:2'], [2, 2], 'BYTES'],
  );
});

test('requests are joined only along a dimension that is a batch', () => {
  const model = (...shapes: readonly (readonly (string | number)[])[]) => {
    const infos = shapes.map((shape, at) => ({
      name: `t${at}`,
      type: 'float32' as const,
      shape,
    }));
    return { inputs: infos.slice(0, 1), outputs: infos.slice(1) };
  };
  assert.equal(batchObstacle(model(['batch_size', 3], ['batch_size', 2]), false), null);
  assert.equal(batchObstacle(model(['N', 3], ['N']), false), null);
  assert.match(String(batchObstacle(model(['sequence', 3], ['sequence']), false)), /called 'sequence'/);
  assert.match(String(batchObstacle(model(['', 3], ['']), false)), /does not say/);
  assert.equal(batchObstacle(model(['sequence', 3], ['sequence']), true), null, 'the user has said it');
  assert.match(String(batchObstacle(model([1, 3], [1]), true)), /not free/);
  assert.match(String(batchObstacle(model(['N', 3], []), true)), /of t1|null/, 'a scalar output is not split');
});
