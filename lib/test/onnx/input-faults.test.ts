import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { Before, Relu } from '../fixtures/input-apps.js';

let relu = '';
let front = '';
before(async () => {
  relu = (await serve.run(Relu.bind(), { name: 'relu', routePrefix: '/relu' })).url;
  front = ((await serve.run(Before.bind(Relu.bind()) as never, { name: 'front', routePrefix: '/front' })) as { url: string }).url;
});
after(() => serve.shutdown());

const post = async (url: string, body: unknown) => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
};

test('wrong data of a client has its own status, and the message says what would be right', async () => {
  const wrong: readonly (readonly [kind: string, body: unknown, status: number, text: RegExp])[] = [
    ['image', 'aGVsbG8=', 415, /NBS_IMAGE_INVALID/],
    ['image', 'no base64!', 400, /NBS_BASE64_INVALID/],
    ['path', '/etc/passwd', 400, /NBS_IMAGE_NOT_BYTES/],
    ['digit', [1, 2, 3], 422, /NBS_DATA_INVALID.*784/],
    ['rows', [[[1], [2]]], 400, /NBS_ONNX_WRONG_SHAPE.*must have the shape \[\?, 3, \?\], got \[1, 2, 1\]/],
    ['rows', [[1, 2], [3]], 400, /NBS_ONNX_INVALID_TENSOR.*rows differ/],
    ['rows', [['a']], 400, /NBS_ONNX_WRONG_TYPE/],
    ['rows', 'text', 400, /NBS_ONNX_INVALID_TENSOR/],
    ['own dims', [1, 2], 400, /NBS_ONNX_INVALID_TENSOR.*2 values do not fill/],
    ['own length', [1, 2], 400, /NBS_ONNX_WRONG_SHAPE.*got \[1, 2, 1\]/],
    ['rest', [1, 2], 400, /NBS_ONNX_WRONG_SHAPE.*got \[1, 2, 1\]/],
    ['reshaped', [1, 2], 400, /NBS_ONNX_WRONG_SHAPE.*got \[1, 2, 1\]/],
    ['reshaped', ['a', 'b', 'c'], 400, /NBS_ONNX_WRONG_TYPE/],
    ['own dims', ['a', 'b', 'c'], 400, /NBS_ONNX_WRONG_TYPE/],
    ['parts', [[[[1]]]], 400, /NBS_ONNX_WRONG_SHAPE.*got \[1, 1, 1\]/],
    ['halves', [[[1]], [[2]]], 400, /NBS_ONNX_WRONG_SHAPE.*got \[1, 1, 1\]/],
    ['halves', [1, 2, 3], 400, /NBS_ONNX_CANNOT_BATCH/],
    ['padded', [[[1]], [[1], [2]]], 400, /NBS_ONNX_WRONG_SHAPE.*got \[2, 2, 1\]/],
    ['padded', [[[1]], [1]], 400, /NBS_ONNX_CANNOT_BATCH/],
    ['json', { type: 'float32', dims: [1, 3, 1], data: [1, 2] }, 400, /NBS_ONNX_INVALID_TENSOR.*has 2 values/],
    ['json', { type: 'float32', dims: [1, 2, 1], data: [1, 2] }, 400, /NBS_ONNX_WRONG_SHAPE/],
    ['json', { type: 'float32', dims: [3], data: [1, 2, 3] }, 400, /NBS_ONNX_WRONG_SHAPE/],
    ['json', { type: 'float32', dims: [1, 3, '1'], data: [1, 2, 3] }, 400, /NBS_ONNX_INVALID_TENSOR.*must be integers/],
    ['json', { type: 'int64', dims: [1, 3, 1], data: [1, 2, 3] }, 400, /NBS_ONNX_WRONG_TYPE/],
    ['json', { type: 'float32', dims: [1, 3, 1], data: [1, 'x', 3] }, 400, /NBS_ONNX_INVALID_TENSOR.*element \[0\]\[1\]\[0\]/],
    ['uint8', [300], 400, /NBS_ONNX_INVALID_TENSOR.*element 0 is 300/],
  ];
  for (const [kind, body, status, text] of wrong) {
    const answer = await post(`${relu}?kind=${encodeURIComponent(kind)}`, body);
    assert.equal(answer.status, status, `${kind} ${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.text, text);
  }
  const deep = await fetch(`${relu}?kind=rows`, { method: 'POST', body: `${'['.repeat(20_000)}1${']'.repeat(20_000)}` });
  assert.equal(deep.status, 400);
  assert.match(await deep.text(), /NBS_ONNX_INVALID_TENSOR.*more than 32 levels/);
  const json = { type: 'float32', dims: [1, 3, 1], data: [1, -2, 3] };
  assert.deepEqual(await post(`${relu}?kind=json`, json), { status: 200, text: '[[[1],[0],[3]]]' });
  assert.deepEqual(await post(relu, [[[1], [-2], [3]]]), { status: 200, text: '[[[1],[0],[3]]]' });
});

test('an error of the code itself is a 500', async () => {
  for (const kind of ['own shape', 'own name', 'own rank']) {
    const answer = await post(`${relu}?kind=${encodeURIComponent(kind)}`, [1, 2, 3]);
    assert.equal(answer.status, 500, `${kind}: ${answer.text}`);
  }
});

test("a wrong request stays the client's fault through an inner deployment", async () => {
  assert.equal((await post(front, [[[1], [2], [3]]])).status, 200);
  const answer = await post(front, [[[1], [2]]]);
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.text, /NBS_ONNX_WRONG_SHAPE/);
});
