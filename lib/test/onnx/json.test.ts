import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onnx } from 'nbserve/onnx';
import { Tensor } from 'onnxruntime-node';
import { toJson } from '../../dist/serve/replica/json-text.js';

test('tensors of nbserve and of ONNX Runtime are nested lists of their shape in an answer', () => {
  const raw = {
    scores: new Tensor('float32', Float32Array.from([1, 2, 3, 4]), [2, 2]),
    ids: new Tensor('int64', BigInt64Array.from([5n]), [1]),
    names: new Tensor('string', ['a', 'b'], [1, 2]),
    flags: new Tensor('bool', Uint8Array.from([1, 0]), [2]),
    scalar: new Tensor('float32', Float32Array.from([7]), []),
  };
  const own = {
    scores: onnx.tensor([
      [1, 2],
      [3, 4],
    ]),
    ids: onnx.tensor('int64', [5]),
    names: onnx.tensor([['a', 'b']]),
    flags: onnx.tensor([true, false]),
    scalar: onnx.tensor(Float32Array.from([7]), []),
  };
  const json = '{"scores":[[1,2],[3,4]],"ids":[5],"names":[["a","b"]],"flags":[true,false],"scalar":7}';
  assert.equal(toJson(raw, 'app/Main'), json);
  assert.equal(toJson(own, 'app/Main'), json);
});
