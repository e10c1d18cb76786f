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
    ['uint8', [300], 400, /NBS_ONNX_INVALID_TENSOR.*element 0 is 300/],
  ];
  for (const [kind, body, status, text] of wrong) {
    const answer = await post(`${relu}?kind=${encodeURIComponent(kind)}`, body);
    assert.equal(answer.status, status, `${kind} ${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.text, text);
  }
  assert.deepEqual(await post(relu, [[[1], [-2], [3]]]), { status: 200, text: '[[[1],[0],[3]]]' });
});

test('an error of the code itself is a 500', async () => {
  for (const kind of ['own shape', 'own name']) {
    const answer = await post(`${relu}?kind=${encodeURIComponent(kind)}`, 0);
    assert.equal(answer.status, 500, `${kind}: ${answer.text}`);
  }
});

test("a wrong request stays the client's fault through an inner deployment", async () => {
  assert.equal((await post(front, [[[1], [2], [3]]])).status, 200);
  const answer = await post(front, [[[1], [2]]]);
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.text, /NBS_ONNX_WRONG_SHAPE/);
});
