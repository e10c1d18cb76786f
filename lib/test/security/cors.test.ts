import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { type Answer, errorOf, send } from '../fixtures/http-client.js';

const APP = 'https://app.example';
const ANY = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-own' };

const SOURCE = `
let options = 0;
const answers = {
  text: () => 'text',
  options: () => String(options),
  stream: async function* () { yield 'one'; await new Promise((r) => setImmediate(r)); yield 'two'; },
  throws: () => { throw new Error('thrown'); },
  own: () => new Response('own', { headers: { 'access-control-allow-origin': 'https://other.example', 'access-control-allow-credentials': 'true', vary: 'accept' } }),
  vary: () => new Response('vary', { headers: { vary: 'accept' } }),
};
exports.default = class Pages {
  fetch(request) {
    if (request.method === 'OPTIONS') { options += 1; return new Response('user', { headers: { 'x-user': '1' } }); }
    return answers[new URL(request.url).pathname.slice(1)]();
  }
};`;

const corsOf = ({ headers }: Answer): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'));
const READABLE = { 'access-control-allow-origin': APP, 'access-control-expose-headers': '*', vary: 'origin' };

suite('pages of an allowed origin', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open({ allowedOrigins: [APP] });
    await plane.deploy(SOURCE);
    await plane.deploy('exports.default = class Mute { say() {} }', { name: 'Mute', prefix: '/mute' });
    plane.deployments['app/Gone'] = {
      ...(plane.deployments['app/Main'] as (typeof plane.deployments)['app/Main']),
      name: 'Gone',
      replicas: [],
    };
    plane.routes = [{ prefix: '/gone', app: 'app', deployment: 'Gone' }, ...plane.routes];
    await plane.published();
  });
  after(() => plane?.stop());
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    send(`${plane.url}/${path}`, { method, headers: { origin: APP, ...headers } });

  test('may read every answer, errors and streams too', async () => {
    for (const [path, status, headers] of [
      ['text', 200],
      ['stream', 200],
      ['throws', 500],
      ['mute', 405],
      ['gone', 503, { 'x-request-timeout-seconds': '0.05' }],
      ['text', 400, { 'x-request-timeout-seconds': 'soon' }],
      ['-/healthz', 200],
      ['-/nothing', 404],
    ] as const) {
      const answer = await get(path, headers);
      assert.deepEqual([path, corsOf(answer)], [path, READABLE]);
      if (path !== 'gone') assert.equal(answer.status, status, path);
      else assert.ok(answer.status >= 503, answer.text);
    }
    const { headers } = await get('vary');
    assert.equal(headers.vary, 'accept, origin');
  });

  test('are answered their preflights by the proxy, on every path', async () => {
    for (const path of ['text', 'nowhere', 'mute', '-/healthz']) {
      const answer = await get(path, ANY, 'OPTIONS');
      assert.deepEqual([answer.status, answer.text], [204, '']);
      assert.deepEqual(corsOf(answer), {
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
        'access-control-allow-headers': 'content-type,x-own',
        'access-control-max-age': '600',
        vary: 'origin, access-control-request-method, access-control-request-headers',
      });
    }
    const more = await get(
      'text',
      { 'access-control-request-method': 'PROPFIND', 'access-control-request-private-network': 'true' },
      'OPTIONS',
    );
    assert.match(String(more.headers['access-control-allow-methods']), /, PROPFIND$/);
    assert.equal(more.headers['access-control-allow-private-network'], 'true');
    assert.equal(more.headers['access-control-allow-headers'], undefined);
    const odd = await get('text', { ...ANY, 'access-control-request-headers': 'a b, <script>' }, 'OPTIONS');
    assert.equal(odd.headers['access-control-allow-headers'], undefined);
    assert.equal((await get('options')).text, '0', 'user code saw none of them');
  });

  test('an OPTIONS request that is no preflight is the deployment’s', async () => {
    const answer = await get('text', {}, 'OPTIONS');
    assert.deepEqual([answer.text, answer.headers['x-user'], corsOf(answer)], ['user', '1', READABLE]);
  });

  test('what user code says of it wins', async () => {
    assert.deepEqual(corsOf(await get('own')), {
      'access-control-allow-origin': 'https://other.example',
      'access-control-allow-credentials': 'true',
      vary: 'accept',
    });
  });

  test('others get none of it', async () => {
    for (const origin of ['https://evil.example', `${APP}.evil.example`, 'http://app.example', 'null']) {
      const answer = await get('text', { origin });
      assert.deepEqual([answer.status, errorOf(answer).code, corsOf(answer)], [403, 'NBS_ORIGIN_REFUSED', {}]);
      const preflight = await get('text', { ...ANY, origin }, 'OPTIONS');
      assert.deepEqual([preflight.status, corsOf(preflight)], [403, {}]);
    }
    const rebound = await get('text', { ...ANY, host: 'evil.example' }, 'OPTIONS');
    assert.deepEqual([rebound.status, corsOf(rebound)], [403, {}]);
    // A page of this machine may call, and reads what user code lets it read.
    const local = await get('text', { ...ANY, origin: 'http://localhost:3000' }, 'OPTIONS');
    assert.deepEqual([local.text, corsOf(local)], ['user', { vary: 'origin' }]);
    assert.deepEqual(corsOf(await send(`${plane.url}/text`)), { vary: 'origin' });
  });
});

test('with * every page may read, without cookies', async (t) => {
  const plane = await DataPlane.start(t, { allowedOrigins: ['*'] });
  await plane.deploy(SOURCE);
  for (const origin of ['https://evil.example', 'null']) {
    const answer = await send(`${plane.url}/text`, { headers: { origin } });
    assert.deepEqual(corsOf(answer), { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' });
    const preflight = await send(`${plane.url}/text`, { method: 'OPTIONS', headers: { origin, ...ANY } });
    assert.equal(preflight.headers['access-control-allow-origin'], '*');
    assert.equal(preflight.headers['access-control-allow-credentials'], undefined);
  }
});

test('without allowed origins answers and preflights are the deployment’s alone', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(SOURCE);
  const headers = { origin: 'http://localhost:3000', ...ANY };
  const preflight = await send(`${plane.url}/text`, { method: 'OPTIONS', headers });
  assert.deepEqual([preflight.text, corsOf(preflight)], ['user', {}]);
  assert.deepEqual(corsOf(await send(`${plane.url}/text`, { headers })), {});
});
