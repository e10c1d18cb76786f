import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { DeploymentRoute } from '../../dist/serve/protocol/index.js';
import { DataPlane } from '../fixtures/data-plane.js';
import { type Answer, errorOf, send } from '../fixtures/http-client.js';
import { until } from '../fixtures/wait.js';

/** A client without the token must never be able to read this. */
const SECRET = 'postgres://ada:s3cret@db/home/ada/model.onnx';
const LEAKS =
  /s3cret|\/home|E_SECRET|SecretError|app\/|Main|Inner|intranet|node:|file:|\.cjs|\.js| {4}at |"stack"|\/app|\/broken|requestTimeout/;

const APP = `
class SecretError extends Error { name = 'SecretError'; code = 'E_SECRET'; }
const secret = (more) => Object.assign(new SecretError(${JSON.stringify(SECRET)}), more);
class Foreign { status = 1000; s3cret = 1; headers = new Headers(); arrayBuffer() {} }
exports.default = class Main {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const what = pathname.slice('/app/'.length);
    if (what === 'throws') throw secret();
    if (what === 'text') throw ${JSON.stringify(SECRET)};
    if (what === 'unavailable') throw secret({ status: 503 });
    if (what === 'hidden') throw secret({ status: 404, expose: false });
    if (what === 'caused') throw new Error('outer', { cause: secret() });
    if (what === 'bigint') return { [${JSON.stringify(SECRET)}]: 1n };
    if (what === 'forgotten') return { s3cret: Promise.resolve(1) };
    if (what === 'head') return new Foreign();
    if (what === 'slow') await new Promise(() => {});
    if (what === 'exits') process.exit(1);
    if (what === 'json') return await request.json();
    if (what === 'age') throw Object.assign(new RangeError('age must be a number'), { statusCode: 422, code: 'E_SECRET' });
    if (what === 'said') throw Object.assign(new Error('back at noon'), { status: 503, expose: true });
    if (what === 'answered') throw new Response('the code itself says s3cret', { status: 500 });
    if (what === 'headers') return Object.fromEntries(request.headers);
    return 'fine';
  }
};`;

suite('what strangers are told', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open({ allowedHosts: ['intranet.example'], allowedOrigins: ['https://intranet.example'] });
    await plane.deploy(APP, { prefix: '/app' });
    const main = plane.deployments['app/Main'] as DeploymentRoute;
    const broken = {
      ...main,
      name: 'Broken',
      replicas: [],
      unavailable: `its constructor failed: ${SECRET}\n    at new Broken (/home/ada/app.ts:1:1)`,
    };
    plane.deployments['app/Broken'] = broken;
    plane.deployments['app/Mute'] = { ...main, name: 'Mute', http: false };
    const more = ['Broken', 'Mute', 'Gone'].map((deployment) => ({
      prefix: `/${deployment.toLowerCase()}`,
      app: 'app',
      deployment,
    }));
    plane.routes = [...plane.routes, ...more];
    await plane.published();
  });
  after(() => plane?.stop());

  const asks: readonly [path: string, status: number, code: string, headers?: Record<string, string>][] = [
    ['/app/throws', 500, 'NBS_USER_ERROR'],
    ['/app/text', 500, 'NBS_USER_ERROR'],
    ['/app/unavailable', 503, 'NBS_USER_ERROR'],
    ['/app/hidden', 404, 'NBS_USER_ERROR'],
    ['/app/caused', 500, 'NBS_USER_ERROR'],
    ['/app/bigint', 500, 'NBS_NO_JSON_FORM'],
    ['/app/forgotten', 500, 'NBS_NOT_AWAITED'],
    ['/app/head', 500, 'NBS_INVALID_RESPONSE'],
    ['/app/slow', 504, 'NBS_REQUEST_TIMEOUT', { 'x-request-timeout-seconds': '0.05' }],
    ['/broken', 503, 'NBS_NO_REPLICA'],
    ['/mute', 405, 'NBS_HTTP_NOT_SERVED'],
    ['/gone', 404, 'NBS_NO_SUCH_DEPLOYMENT'],
    ['/nowhere', 404, 'NBS_NO_ROUTE'],
    ['/-/nowhere', 404, 'NBS_NO_ROUTE'],
    ['/-/routes', 401, 'NBS_UNAUTHORIZED'],
    ['/app', 403, 'NBS_HOST_REFUSED', { host: 'evil.example' }],
    ['/app', 403, 'NBS_ORIGIN_REFUSED', { origin: 'https://evil.example' }],
    ['/app', 400, 'NBS_BAD_TIMEOUT', { 'x-request-timeout-seconds': 'soon' }],
  ];

  const spoken = ({ status, rawHeaders, text }: Answer): string => [status, ...rawHeaders, text].join('\n');

  test('a status, a code and an id, and nothing of the user code, its names or its paths', async () => {
    for (const [path, status, code, headers = {}] of asks) {
      const answer = await send(plane.url + path, { headers });
      const error = errorOf(answer);
      assert.deepEqual([answer.status, error.code], [status, code], path);
      assert.doesNotMatch(spoken(answer).replaceAll(path, ''), LEAKS, path);
      assert.ok(error.message, path);
      if (!path.startsWith('/-/')) assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'requestId'], path);
    }
  });

  test('a wrong token, one that is given twice, or in the place of the deployment, shows nothing', async () => {
    const { token } = plane;
    const wrong = [token.slice(1), `${token}x`, '', [token, token], `Bearer ${token}`];
    for (const given of wrong) {
      assert.doesNotMatch(spoken(await send(`${plane.url}/app/throws`, { headers: { 'nbserve-token': given } })), LEAKS);
    }
    const authorization = `Bearer ${token}`;
    assert.doesNotMatch(spoken(await send(`${plane.url}/app/throws`, { headers: { authorization } })), LEAKS);
  });

  test('who shows the token is told everything', async () => {
    const headers = { 'nbserve-token': plane.token };
    const thrown = errorOf(await send(`${plane.url}/app/throws`, { headers }));
    assert.deepEqual([thrown.message, thrown.name, thrown.cause], [SECRET, 'SecretError', 'E_SECRET']);
    assert.match(thrown.stack ?? '', /s3cret/);
    assert.match(errorOf(await send(`${plane.url}/broken`, { headers })).message ?? '', /app\/Broken.*s3cret/);
    assert.match(errorOf(await send(`${plane.url}/nowhere`, { headers })).message ?? '', /\/app/);
    assert.match(errorOf(await send(`${plane.url}/mute`, { headers })).message ?? '', /app\/Mute/);
    assert.equal((await send(`${plane.url}/-/routes`, { headers })).status, 200);
  });

  test('the token does not reach the deployment', async () => {
    const seen = JSON.parse((await send(`${plane.url}/app/headers`, { headers: { 'nbserve-token': plane.token } })).text);
    assert.equal(seen['nbserve-token'], undefined);
    assert.equal(JSON.stringify(seen).includes(plane.token), false);
  });

  test('what the code itself answers goes out as it is', async () => {
    const told = async (path: string): Promise<unknown[]> => {
      const answer = await send(plane.url + path);
      const { code, message } = errorOf(answer);
      return [answer.status, code, message];
    };
    assert.deepEqual(await told('/app/age'), [422, 'NBS_USER_ERROR', 'age must be a number']);
    assert.deepEqual(await told('/app/said'), [503, 'NBS_USER_ERROR', 'back at noon']);
    const answered = await send(`${plane.url}/app/answered`);
    assert.deepEqual([answered.status, answered.text], [500, 'the code itself says s3cret']);
    const bad = await send(`${plane.url}/app/json`, { method: 'POST' }, '{');
    assert.deepEqual([bad.status, errorOf(bad).code], [400, 'NBS_BAD_JSON']);
    assert.match(errorOf(bad).message ?? '', /not valid JSON: ./);
  });

  test('the log tells whoever runs the cluster, with the id that the client was told', async () => {
    const said = (pattern: RegExp): Promise<unknown> => until(() => plane.output.some((line) => pattern.test(line)));
    const id = 'told-to-nobody-else';
    const headers = { 'x-request-id': id };
    assert.equal(errorOf(await send(`${plane.url}/app/throws`, { headers })).requestId, id);
    await said(new RegExp(`GET /app/throws failed \\(request ${id}\\): .*s3cret`));
    await until(async () => {
      await send(`${plane.url}/broken?q=s3cret-of-the-client`, { headers });
      return plane.output.some((line) => line.includes('its constructor failed') && line.includes(id));
    });
    assert.equal(
      plane.output.some((line) => line.includes('s3cret-of-the-client')),
      false,
    );
  });

  test('a replica that dies under a request is not named', async () => {
    const answer = await send(`${plane.url}/app/exits`, { method: 'POST' });
    assert.deepEqual([answer.status, errorOf(answer).code], [503, 'NBS_REPLICA_DIED']);
    assert.doesNotMatch(spoken(answer), LEAKS);
  });
});
