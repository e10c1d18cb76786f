import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { errorOf, send } from '../fixtures/http-client.js';

const SOURCE = `
let ended = 0;
const floats = () => new Float32Array([1.5, 2.5]);
async function* items(...all) { try { for (const item of all) { await null; yield item; } } finally { ended += 1; } }
const shapes = {
  array: floats,
  nested: () => ({ scores: floats(), label: 'cat' }),
  tensor: () => ({ out: { type: 'float32', dims: [1, 2], data: floats() } }),
  bytes: () => ({ bytes: Buffer.from('hi') }),
  lines: () => items({ scores: floats() }, [floats()]),
  floats: () => items(floats(), floats()),
  error: () => new TypeError('x'),
  nan: () => ({ a: [0, { b: NaN }] }),
  firstBad: () => items({ a: new Map() }),
  laterBad: () => items({ a: 1 }, { a: new Map() }),
  responseJson: () => Response.json({ scores: floats(), map: new Map() }),
  ended: () => String(ended),
};
exports.default = class Shapes { fetch(request) { return shapes[new URL(request.url).pathname.slice(1)](); } };`;

suite('JSON of what deployments return', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open();
    await plane.deploy(SOURCE);
  });
  after(() => plane?.stop());
  const get = (path: string, headers = {}) => send(`${plane.url}/${path}`, { headers });

  test('typed arrays and tensors are lists, in answers and in items', async () => {
    for (const [path, text] of [
      ['array', '[1.5,2.5]'],
      ['nested', '{"scores":[1.5,2.5],"label":"cat"}'],
      ['tensor', '{"out":[[1.5,2.5]]}'],
      ['bytes', '{"bytes":[104,105]}'],
      ['lines', '{"scores":[1.5,2.5]}\n[[1.5,2.5]]\n'],
      ['floats', '[1.5,2.5]\n[1.5,2.5]\n'],
    ] as const) {
      assert.equal((await get(path)).text, text, path);
    }
    const events = await get('lines', { accept: 'text/event-stream' });
    assert.equal(events.text, 'data: {"scores":[1.5,2.5]}\n\ndata: [[1.5,2.5]]\n\n');
  });

  test('what JSON has not is a coded error with its path', async () => {
    for (const [path, where] of [
      ['error', 'the answer ($) is a TypeError'],
      ['nan', '$.a[1].b of the answer is NaN'],
      ['firstBad', '$.a of an item is a Map'],
    ] as const) {
      const answer = await get(path);
      assert.deepEqual([answer.status, errorOf(answer).code], [500, 'NBS_NO_JSON_FORM']);
      const told = `app/Main: ${where}, which has no JSON form; `;
      while (!plane.output.some((line) => line.includes(told))) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test('a later item breaks the answer off, is logged, and the generator ends', async () => {
    const before = Number((await get('ended')).text);
    await assert.rejects(get('laterBad'));
    await assert.rejects(get('laterBad', { accept: 'text/event-stream' }));
    while (Number((await get('ended')).text) < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const told = () =>
      plane.output.filter((line) => /GET \/laterBad failed \(request \S+\): .*\$\.a of an item is a Map/.test(line));
    while (told().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('Response.json is the standard’s', async () => {
    assert.equal((await get('responseJson')).text, '{"scores":{"0":1.5,"1":2.5},"map":{}}');
  });
});
