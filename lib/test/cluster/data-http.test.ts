import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { errorOf, send } from '../fixtures/http-client.js';

const SOURCE = `
const shapes = {
  text: () => 'héllo',
  bytes: () => new Uint8Array([1, 2, 255]),
  null: () => null,
  nothing: () => undefined,
  number: () => 42,
  object: () => ({ a: [1, 'two'] }),
  response: () => new Response('made', { status: 201, headers: [['x-one', '1'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['connection', 'close'], ['content-length', '999']] }),
  json: () => Response.json({ ok: true }),
  async jsonStatus() { const r = Response.json({ a: 1 }, { status: 202, headers: { 'x-a': '1' } }); return r instanceof Response ? r : 'no Response'; },
  async readTwice() { const r = new Response('text'); await r.text(); return r; },
  async cloned() { const r = new Response('text'); const c = r.clone(); return new Response(await c.text() + (c instanceof Response), { headers: r.headers }); },
  empty: () => new Response(null, { status: 304 }),
  throwResponse: () => { throw new Response('no', { status: 403 }); },
  map: () => new Map([[1, 2]]),
  bigint: () => ({ a: 1n }),
  fn: () => () => 1,
  forgotten: () => ({ ok: true, result: Promise.resolve(1) }),
  boom: () => { throw new TypeError('boom'); },
  teapot: () => { throw Object.assign(new Error('short and stout'), { statusCode: 418 }); },
  async query(request) { return request.query; },
  async echo(request) { return { method: request.method, url: request.url, body: await request.text(), type: request.headers.get('content-type') }; },
  async copy(request) {
    const copy = request.clone();
    const again = new Request(request);
    return { same: request instanceof Request, one: await copy.json(), two: await again.json(), id: again.headers.get('x-request-id') };
  },
  async form(request) { const form = await request.formData(); return Object.fromEntries(form); },
  async twice(request) { await request.text(); try { await request.json(); } catch (error) { return error.name; } },
  async bytesBack(request) { return new Uint8Array(await request.arrayBuffer()); },
  async stream(request) { let size = 0; for await (const chunk of request.body) size += chunk.length; return { size, used: request.bodyUsed }; },
  async json400(request) { return await request.json(); },
};
exports.default = class Shapes {
  fetch(request) { return shapes[new URL(request.url).pathname.slice(1)](request); }
};`;

suite('HTTP answers and requests', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open();
    await plane.deploy(SOURCE);
    await plane.deploy('exports.default = class Mute { say() { return 1; } };', { name: 'Mute', prefix: '/mute' });
  });
  after(() => plane?.stop());
  const get = (path: string, options = {}) => send(`${plane.url}/${path}`, options);
  const post = (path: string, body: string | Uint8Array, headers = {}) =>
    send(`${plane.url}/${path}`, { method: 'POST', headers }, body);

  test('values become text, bytes, JSON or nothing', async () => {
    const seen: unknown[] = [];
    for (const shape of ['text', 'bytes', 'null', 'nothing', 'number', 'object', 'json']) {
      const { status, headers, text } = await get(shape);
      seen.push([shape, status, headers['content-type'], headers['content-length'], shape === 'bytes' ? '' : text]);
    }
    assert.deepEqual(
      seen,
      [
        ['text', 200, 'text/plain; charset=utf-8', '6', 'héllo'],
        ['bytes', 200, 'application/octet-stream', '3', ''],
        ['null', 200, 'application/json', '4', 'null'],
        ['nothing', 204, undefined, undefined, ''],
        ['number', 200, 'application/json', '2', '42'],
        ['object', 200, 'application/json', '17', '{"a":[1,"two"]}'.padEnd(15)],
        ['json', 200, 'application/json', '11', '{"ok":true}'],
      ].map((row) => (row[0] === 'object' ? ['object', 200, 'application/json', '15', '{"a":[1,"two"]}'] : row)),
    );
  });

  test('a Response keeps status, headers and each cookie; its connection and length are ours', async () => {
    const { status, headers, text } = await get('response');
    assert.deepEqual([status, text, headers['x-one'], headers['content-length']], [201, 'made', '1', '4']);
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    const json = await get('jsonStatus');
    assert.deepEqual(
      [json.status, json.headers['content-type'], json.headers['x-a'], json.text],
      [202, 'application/json', '1', '{"a":1}'],
    );
    assert.equal((await get('readTwice')).status, 500);
    assert.equal((await get('cloned')).text, 'texttrue');
    assert.equal((await get('empty')).status, 304);
    assert.equal((await get('throwResponse')).status, 403);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const { status, headers, text } = await get('text', { method: 'HEAD' });
    assert.deepEqual([status, headers['content-length'], text], [200, '6', '']);
  });

  test('what has no JSON form is a coded error', async () => {
    for (const shape of ['map', 'bigint', 'fn']) {
      const answer = await get(shape);
      assert.equal(answer.status, 500);
      assert.equal(errorOf(answer).code, 'NBS_NO_JSON_FORM', shape);
    }
    const forgotten = await get('forgotten', plane.trusted);
    assert.deepEqual([forgotten.status, errorOf(forgotten).code], [500, 'NBS_NOT_AWAITED']);
    assert.match(errorOf(forgotten).message ?? '', /: result of the answer is a promise that was not awaited/);
  });

  test("the user's error comes with its stack to those who show the token", async () => {
    const here = await get('boom', plane.trusted);
    assert.equal(here.status, 500);
    assert.deepEqual([errorOf(here).code, errorOf(here).message, errorOf(here).name], ['NBS_USER_ERROR', 'boom', 'TypeError']);
    assert.match(errorOf(here).stack ?? '', /boom/);
    assert.equal(errorOf(await get('boom')).stack, undefined);
    assert.equal((await get('teapot')).status, 418);
    assert.equal(errorOf(await post('json400', '{')).code, 'NBS_BAD_JSON');
  });

  test('the request is a web-standard one', async () => {
    assert.deepEqual(
      JSON.parse((await get('query?txt=a%20b&txt=c&__proto__=x')).text),
      JSON.parse('{"txt":"a b","__proto__":"x"}'),
    );
    const echoed = JSON.parse((await post('echo?x=1', 'hi', { 'content-type': 'text/x-own' })).text);
    assert.deepEqual(echoed, { method: 'POST', url: `${plane.url}/echo?x=1`, body: 'hi', type: 'text/x-own' });
    const copy = JSON.parse((await post('copy', '{"n":1}', { 'x-request-id': 'mine' })).text);
    assert.deepEqual(copy, { same: true, one: { n: 1 }, two: { n: 1 }, id: 'mine' });
    const form = await post('form', 'a=1&b=two', { 'content-type': 'application/x-www-form-urlencoded' });
    assert.deepEqual(JSON.parse(form.text), { a: '1', b: 'two' });
    assert.equal((await post('twice', 'x')).text, 'TypeError');
    assert.equal((await post('bytesBack', new Uint8Array([0xef, 0xbb, 0xbf, 65]))).text, '﻿A');
    assert.deepEqual(JSON.parse((await post('stream', 'x'.repeat(100_000))).text), { size: 100_000, used: true });
  });

  test('request ids go in and out', async () => {
    assert.equal((await get('text', { headers: { 'x-request-id': 'abc' } })).headers['x-request-id'], 'abc');
    assert.ok((await get('text')).headers['x-request-id']);
  });

  test('a deployment without fetch answers 405', async () => {
    const answer = await get('mute/x');
    assert.equal(answer.status, 405);
    assert.equal(errorOf(answer).code, 'NBS_HTTP_NOT_SERVED');
  });

  test('odd paths and methods reach the deployment', async () => {
    for (const path of [`echo?${'x'.repeat(5000)}`, 'echo?%zz']) assert.equal((await get(path)).status, 200, path.slice(0, 20));
    assert.equal((await get('%zz')).status, 500);
    assert.equal((await get('echo', { method: 'PROPFIND' })).status, 200);
  });
});

test('without a route: 404 that lists the routes to those who show the token', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy('exports.default = () => 1;', { prefix: '/one' });
  const answer = await send(`${plane.url}/ones`, plane.trusted);
  assert.equal(answer.status, 404);
  assert.equal(errorOf(answer).code, 'NBS_NO_ROUTE');
  assert.match(errorOf(answer).message ?? '', /\/one/);
  assert.equal((await send(`${plane.url}/one/more`)).text, '1');
});

test('only those who may call do', async (t) => {
  const plane = await DataPlane.start(t, { allowedHosts: ['served.example'], allowedOrigins: ['https://app.example'] });
  await plane.deploy('exports.default = () => "ok";');
  const status = async (headers: Record<string, string>): Promise<number> => (await send(plane.url, { headers })).status;
  assert.equal(await status({ host: 'localhost:1' }), 200);
  assert.equal(await status({ host: '[::1]:8000' }), 200);
  assert.equal(await status({ host: 'served.example' }), 200);
  assert.equal(await status({ host: 'evil.example' }), 403);
  assert.equal(await status({ host: '127.0.0.1.evil.example' }), 403);
  assert.equal(await status({ origin: 'http://localhost:8888' }), 200);
  assert.equal(await status({ origin: 'https://app.example' }), 200);
  assert.equal(await status({ origin: 'https://evil.example' }), 403);
  assert.equal(await status({ origin: 'null' }), 403);
  assert.equal(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403);
  assert.equal(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), 403);
  assert.equal(await status({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }), 200);
  assert.equal((await send(`${plane.url}/-/healthz`)).text, 'success');
  assert.equal((await send(`${plane.url}/-/routes`)).status, 401);
  assert.equal((await send(`${plane.url}/-/routes`, { headers: { authorization: 'Bearer nope' } })).status, 401);
  const routes = await send(`${plane.url}/-/routes`, { headers: { authorization: `Bearer ${plane.token}` } });
  assert.deepEqual(JSON.parse(routes.text), { '/': { app: 'app', deployment: 'Main' } });
});
