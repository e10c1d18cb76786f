import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { type Answer, errorOf, send } from '../fixtures/http-client.js';

const SOURCE = `
const { Readable } = require('node:stream');
const ways = {
  text: async (r) => ({ text: (await r.text()).length, used: r.bodyUsed, method: r.method }),
  json: async (r) => ({ json: await r.json() }),
  cloned: async (r) => { const c = r.clone(); return { one: (await c.text()).length, two: (await r.text()).length, method: c.method }; },
  body: async (r) => { let n = 0; for await (const piece of r.body) n += piece.length; return { n, method: r.method }; },
  form: async (r) => Object.fromEntries(await r.formData()),
  clonedForm: async (r) => Object.fromEntries(await r.clone().formData()),
  twice: async (r) => { await r.text(); return Object.fromEntries(await r.formData()); },
  blob: async (r) => ({ size: (await r.blob()).size, mode: r.mode }),
  request: async (r) => (await new Request(r).text()).length,
  forward: async (r) => await fetch(r),
  post: async (r) => (await new Request(r, { method: 'POST' }).text()).length,
  member: async (r) => { const { input } = await r.json(); return { input: input.trim() }; },
  broken: async (r) => { await r.json(); return null.input; },
  caught: async (r) => { try { return await r.formData(); } catch (error) { return { caught: error.name }; } },
};
exports.default = class Reader { fetch(request) { return ways[new URL(request.url).pathname.slice(1)](request); } };`;

const BODY = 'b'.repeat(1_500_000);
const CHUNKED = { 'transfer-encoding': 'chunked' };

suite('bodies of requests', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open();
    await plane.deploy(SOURCE);
  });
  after(() => plane?.stop());
  const ask = (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    send(`${plane.url}/${path}`, { method, headers }, body);
  const jsonOf = ({ text }: Answer): unknown => JSON.parse(text);

  for (const method of ['GET', 'DELETE', 'OPTIONS', 'TRACE', 'POST']) {
    test(`${method} has its body, in chunks or above 1 MiB`, async () => {
      for (const [headers, body] of [
        [CHUNKED, 'hello'],
        [{ 'content-length': '5' }, 'hello'],
        [CHUNKED, BODY],
        [{ 'content-length': String(BODY.length) }, BODY],
      ] as const) {
        const { length } = body;
        assert.deepEqual(jsonOf(await ask(method, 'text', headers, body)), { text: length, used: true, method });
        assert.deepEqual(jsonOf(await ask(method, 'cloned', headers, body)), { one: length, two: length, method });
        assert.deepEqual(jsonOf(await ask(method, 'body', headers, body)), { n: length, method });
        assert.deepEqual(jsonOf(await ask(method, 'blob', headers, body)), { size: length, mode: 'cors' });
        assert.equal((await ask(method, 'post', headers, body)).text, String(length));
      }
      assert.deepEqual(jsonOf(await ask(method, 'json', CHUNKED, '{"a":1}')), { json: { a: 1 } });
      const form = await ask(method, 'form', { ...CHUNKED, 'content-type': 'application/x-www-form-urlencoded' }, 'a=1&b=two');
      assert.deepEqual(jsonOf(form), { a: '1', b: 'two' });
    });
  }

  test('a request with a body that fetch knows none for is not passed on without it', async (t) => {
    const upstream = createServer((_request, response) => response.end('upstream')).listen(0, '127.0.0.1');
    t.after(() => upstream.close());
    await new Promise((resolve) => upstream.once('listening', resolve));
    for (const [method, headers] of [
      ['GET', CHUNKED],
      ['GET', { 'content-length': '5' }],
      ['TRACE', CHUNKED],
    ] as const) {
      for (const way of ['request', 'forward']) {
        const answer = await ask(method, way, headers, 'hello');
        assert.deepEqual([answer.status, errorOf(answer).code], [400, 'NBS_BODY_NOT_PASSED_ON'], `${method} ${way}`);
      }
    }
    const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    assert.equal((await ask('GET', 'request', {})).text, '0');
    assert.equal((await ask('POST', 'request', CHUNKED, 'hello')).text, '5');
    // The URL of the request is made from the Host header.
    assert.equal((await send(`${plane.url}/forward`, { headers: { host } })).text, 'upstream');
  });

  test('a form that cannot be read is the fault of the client', async () => {
    const multipart = 'multipart/form-data; boundary=b';
    const forms: readonly (readonly [type: string | null, body: string])[] = [
      [null, 'a=1'],
      ['text/plain', 'a=1'],
      ['multipart/form-data', '--b\r\n\r\n'],
      [multipart, 'nothing of the kind'],
      [multipart, '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut off'],
      [multipart, '--b\r\nContent-Disposition: nonsense\r\n\r\n1\r\n--b--\r\n'],
      [multipart, '--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n'],
      [multipart, ''],
    ];
    for (const [type, body] of forms) {
      for (const path of ['form', 'clonedForm']) {
        for (const headers of [{}, CHUNKED]) {
          const answer = await ask('POST', path, { ...headers, ...(type === null ? {} : { 'content-type': type }) }, body);
          assert.deepEqual([answer.status, errorOf(answer).code], [400, 'NBS_BAD_FORM'], `${type}: ${body}: ${answer.text}`);
        }
      }
    }
    const good = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n';
    assert.deepEqual(jsonOf(await ask('POST', 'form', { 'content-type': multipart }, good)), { a: '1' });
    assert.deepEqual(jsonOf(await ask('POST', 'form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=%zz')), {
      a: '%zz',
    });
    assert.deepEqual(jsonOf(await ask('POST', 'caught', { 'content-type': multipart }, 'x')), { caught: 'TypeError' });
    for (const body of ['{', '', '[1,]', '\u0000']) {
      for (const headers of [{}, CHUNKED]) {
        const answer = await ask('POST', 'json', headers, body);
        assert.deepEqual([answer.status, errorOf(answer).code], [400, 'NBS_BAD_JSON'], body);
      }
    }
  });

  test('a JSON body without members is the fault of the client if the code reads one', async () => {
    for (const body of ['null', '5', '"text"', 'true', ' null ']) {
      for (const headers of [{}, CHUNKED]) {
        const answer = await ask('POST', 'member', headers, body);
        assert.deepEqual([answer.status, errorOf(answer).code], [400, 'NBS_BODY_NOT_OBJECT'], body);
        assert.match(
          errorOf(answer).message ?? '',
          /the request body is (null|a number|a string|a boolean), but the handler expects something else; send/,
        );
      }
    }
    assert.deepEqual(jsonOf(await ask('POST', 'member', {}, '{ "input": " a " }')), { input: 'a' });
    assert.deepEqual(jsonOf(await ask('POST', 'json', {}, 'null')), { json: null });
    // Code that fails for each body is at fault itself.
    assert.equal((await ask('POST', 'broken', {}, '{}')).status, 500);
  });

  test('a body that is read twice is the fault of the deployment', async () => {
    const answer = await ask('POST', 'twice', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1');
    assert.deepEqual([answer.status, errorOf(answer).code], [500, 'NBS_USER_ERROR']);
  });
});
