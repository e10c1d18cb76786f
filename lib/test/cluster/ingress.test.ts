import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DeploymentHandle, isNbserveError, serve } from 'nbserve';
import { errorOf, open, responseOf, send } from '../fixtures/http-client.js';
import {
  ClassifierDeployment,
  FailingRoutes,
  KitchenDeployment,
  Listening,
  ModelDeployment,
  OwnSettings,
  plain,
  Slow,
  WithFetch,
} from '../fixtures/ingress-apps.js';
import { trustedHeaders } from '../fixtures/trusted.js';
import { until } from '../fixtures/wait.js';
import { ZodDeployment } from '../fixtures/zod-app.js';

const hasCode = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;
const JSON_TYPE = { 'content-type': 'application/json' };

before(() => serve.start({ port: 0 }));
after(() => serve.shutdown());

suite('the sentiment service', () => {
  let url = '';
  let handle: DeploymentHandle<{ version(): string }>;

  before(async () => {
    handle = (await serve.run(ClassifierDeployment.bind(ModelDeployment.bind()), {
      name: 'classifier',
      routePrefix: '/classifier',
    })) as never;
    url = handle.url;
  });

  test('answers its routes, and calls another deployment by a typed handle', async () => {
    assert.equal((await send(`${url}/test`)).text, 'Sentiment Classifier (0 -> Negative and 1 -> Positive)');
    assert.match((await send(`${url}/healthcheck`)).text, /ready to go/);
    const answer = await send(`${url}/classify?input_text=ilikeyou`, { method: 'POST' });
    assert.deepEqual(JSON.parse(answer.text), { text: 'ilikeyou', label: 1 });
  });

  test('answers a request that does not match the schema with 422, which names the field', async () => {
    for (const query of ['?input_text=i', '?input_text=', '']) {
      const answer = await send(`${url}/classify${query}`, { method: 'POST' });
      assert.equal(answer.status, 422);
      const { code, message } = errorOf(answer);
      assert.equal(code, 'NBS_INVALID_REQUEST');
      assert.match(message ?? '', /input_text/);
    }
  });

  test('answers a path without a route with 404, which says where the routes are described', async () => {
    const answer = await send(`${url}/nowhere?x=1`);
    assert.equal(answer.status, 404);
    assert.equal(errorOf(answer).code, 'NBS_NO_SUCH_ROUTE');
    assert.match(errorOf(answer).message ?? '', /GET \/classifier\/nowhere; .* at \/classifier\/docs$/);
  });

  test('lets handles call its methods, but does not serve them over HTTP', async () => {
    assert.equal(await handle.version.remote(), 'v1');
    const { applications } = await serve.status();
    assert.ok(applications.classifier);
    assert.match(String(handle), /methods=\[version\]/);
    await assert.rejects(
      async () => (handle as unknown as { routes: { remote(): Promise<unknown> } }).routes.remote(),
      hasCode('NBS_NO_SUCH_METHOD'),
    );
  });
});

suite('what Fastify does, it does here', () => {
  let url = '';
  const get = (path: string, headers = {}) => send(url + path, { headers });
  const seen = async (line: string): Promise<void> => {
    await until(async () => (JSON.parse((await get('/seen')).text) as string[]).includes(line));
  };

  before(async () => {
    ({ url } = await serve.run(KitchenDeployment.bind(), { name: 'kitchen', routePrefix: '/kitchen' }));
  });

  test("a request looks as if Node's server had made it, without the route prefix", async () => {
    const answer = await get('/about?a=1&a=2', { 'x-request-id': 'mine', 'x-two': ['1', '2'], cookie: 'a=1' });
    const about = JSON.parse(answer.text) as Record<string, Record<string, string>>;
    assert.deepEqual(
      [about.url, about.originalUrl, about.id, about.method, about.host],
      ['/about?a=1&a=2', '/kitchen/about?a=1&a=2', 'mine', 'GET', new URL(url).host],
    );
    assert.deepEqual([about.headers?.['x-two'], about.headers?.cookie], ['1, 2', 'a=1']);
    assert.equal(answer.headers['x-request-id'], 'mine');
  });

  test('routes match by method, parameters, expressions and wildcards', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) assert.equal((await send(`${url}/methods`, { method })).text, method);
    assert.deepEqual(JSON.parse((await get('/items/7/at/home')).text), { id: '7', place: 'home' });
    assert.deepEqual(JSON.parse((await get('/items/7/at')).text), { id: '7' });
    assert.equal((await get('/items/x/at')).status, 404);
    assert.deepEqual(JSON.parse((await get('/files/a/b%20c')).text), { '*': 'a/b c' });
    const odd = await get('/items/%zz/at');
    assert.deepEqual([odd.status, errorOf(odd).code], [400, 'NBS_INVALID_REQUEST']);
  });

  test('answers of every form arrive complete, and HEAD has the headers of GET', async () => {
    assert.equal((await get('/text')).text, 'ä'.repeat(10));
    assert.deepEqual([(await get('/empty')).status, (await get('/empty')).text], [204, '']);
    assert.deepEqual([(await get('/nothing')).status, (await get('/nothing')).text], [200, '']);
    assert.equal((await get('/raw')).text, 'raw');
    const chunks = await get('/raw-chunks');
    assert.equal(chunks.text, 'one two');
    assert.equal(chunks.headers['x-own'], 'a, b');
    assert.deepEqual((await get('/cookies')).headers['set-cookie'], ['a=1', 'b=2']);
    const web = await get('/web');
    assert.deepEqual([web.status, web.text, web.headers['x-web']], [201, 'web', '1']);
    assert.deepEqual([(await get('/thrown-web')).status, (await get('/thrown-web')).text], [402, 'thrown']);
    const head = await send(`${url}/text`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '20', '']);
    for (const [path, status] of [
      ['/web', 201],
      ['/thrown-web', 402],
    ] as const) {
      const { headers, ...answer } = await send(url + path, { method: 'HEAD' });
      assert.deepEqual([answer.status, headers['content-type'], answer.text], [status, 'text/plain;charset=UTF-8', '']);
      assert.equal(headers['x-web'], path === '/web' ? '1' : undefined);
    }
  });

  test('bodies are parsed by their type, also those of unknown length', async () => {
    const body = JSON.stringify({ name: 'a', other: 1 });
    const post = (path: string, headers: Record<string, string>, text: string) =>
      send(url + path, { method: 'POST', headers }, text);
    assert.deepEqual(JSON.parse((await post('/item', JSON_TYPE, body)).text), { name: 'a' });
    assert.deepEqual(JSON.parse((await post('/body', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, body)).text), {
      body: { name: 'a', other: 1 },
    });
    assert.deepEqual(JSON.parse((await post('/body', { 'content-type': 'text/plain' }, 'hello')).text), { body: 'hello' });
    assert.deepEqual(JSON.parse((await post('/body', {}, '')).text), { body: null });
  });

  test('a JSON body without members is the fault of the client if the code reads one', async () => {
    for (const body of ['null', '5', '"text"', 'false']) {
      const answer = await send(`${url}/member`, { method: 'POST', headers: JSON_TYPE }, body);
      assert.deepEqual([answer.status, errorOf(answer).code], [422, 'NBS_INVALID_REQUEST'], body);
      assert.match(
        errorOf(answer).message ?? '',
        /the body is (null|a number|a string|a boolean), but the handler expects something else$/,
      );
    }
    assert.equal((await send(`${url}/member`, { method: 'POST', headers: JSON_TYPE }, '{}')).status, 500);
  });

  test('if Fastify refuses a request, the error has a code and the status that Fastify chose', async () => {
    const post = (path: string, type: string, text: string) =>
      send(url + path, { method: 'POST', headers: { 'content-type': type } }, text);
    const refusals = await Promise.all([
      post('/body', 'application/json', '{"a":'),
      post('/body', 'application/json', ''),
      post('/body', 'application/xml', '<a/>'),
      post('/body', 'text/plain', 'x'.repeat(1024 * 1024 + 1)),
      post('/item', 'application/json', '{"name":{}}'),
    ]);
    assert.deepEqual(
      refusals.map(({ status }) => status),
      [400, 400, 415, 413, 422],
    );
    for (const answer of refusals) assert.equal(errorOf(answer).code, 'NBS_INVALID_REQUEST');
    assert.match(errorOf(refusals[4] as never).message ?? '', /body\/name must be string/);
  });

  test('a client learns nothing about what user code threw, unless it sends the token', async () => {
    const page = { origin: 'https://pages.example' };
    const stranger = await get('/boom');
    assert.equal(stranger.status, 500);
    assert.equal(errorOf(stranger).code, 'NBS_USER_ERROR');
    assert.doesNotMatch(stranger.text, /hunter2|ingress-apps/);
    const trusted = await send(`${url}/boom`, { headers: await trustedHeaders(url) });
    assert.match(errorOf(trusted).message ?? '', /hunter2/);
    assert.match(errorOf(trusted).stack ?? '', /ingress-apps/);
    const teapot = await get('/teapot');
    assert.deepEqual([teapot.status, errorOf(teapot).message], [418, 'short and stout']);
    assert.equal((await get('/boom', page)).status, 403, 'an origin that the server does not allow');
  });

  test('no value of an answer is lost on the way to JSON', async () => {
    assert.deepEqual(JSON.parse((await get('/json/floats')).text), { value: [[1.5], [7], '1970-01-01T00:00:00.000Z'] });
    for (const kind of ['map', 'nan', 'big', 'promise']) {
      const answer = await get(`/json/${kind}`);
      assert.equal(answer.status, 500);
      assert.equal(errorOf(answer).code, kind === 'promise' ? 'NBS_NOT_AWAITED' : 'NBS_NO_JSON_FORM', kind);
    }
    assert.equal((await get('/typed-json')).text, '{"n":1}', 'a schema of the answer says what is written');
    for (const path of ['/own-json', '/own-json/inner']) assert.equal((await get(path)).text, "Map(1) { 'a' => 1 }", path);
  });

  test('error handlers of user code run first, and hooks may answer', async () => {
    assert.deepEqual([(await get('/own/boom')).status, (await get('/own/boom')).text], [409, '{"own":"mine"}']);
    assert.equal((await get('/own/validated')).status, 409);
    const refused = await get('/seen', { 'x-refuse': '1' });
    assert.deepEqual([refused.status, refused.text], [401, '{"refused":true}']);
    await seen('response /text');
  });

  test('if user code cuts off an answer, it is an error, and if the answer had begun, the connection breaks', async () => {
    const cut = await get('/cut');
    assert.deepEqual([cut.status, errorOf(cut).code], [500, 'NBS_ANSWER_CUT']);
    await assert.rejects(get('/half'));
    assert.equal((await get('/raw')).text, 'raw');
  });

  test('an answer that is cut off for its wrong content-length is told of in the log, with its deployment', async () => {
    const home = process.env.NBSERVE_HOME as string;
    const log = (): string =>
      readdirSync(home, { recursive: true, encoding: 'utf8' })
        .filter((file) => /proxy[^/]*\.log$/.test(file))
        .map((file) => readFileSync(join(home, file), 'utf8'))
        .join('');
    // The proxy reads the requests of the two clients in different ways, because one of them asks it to close the connection.
    const clients = { get, fetch: async (path: string) => (await fetch(url + path)).text() };
    for (const [name, ask] of Object.entries(clients))
      for (const path of ['short', 'long', 'none']) await assert.rejects(ask(`/${path}`), `${path} ${name}`);
    await until(() => /GET \/kitchen\/short was cut off \(.*\): kitchen\/Kitchen: the answer is not as long as/.test(log()));
  });

  test('if a client disconnects, its request is aborted, whatever the method', async () => {
    for (const [method, body] of [
      ['GET', ''],
      ['POST', '{"a":1}'],
    ] as const) {
      const request = open(`${url}/wait`, { method, headers: body === '' ? {} : JSON_TYPE });
      request.on('error', () => {});
      request.end(body);
      await seen(`waits ${method}`);
      request.destroy();
      await seen(`waited ${method}, aborted true`);
    }
  });

  test('if the deadline passes, the client gets 504 and the request is aborted', async () => {
    const answer = await send(`${url}/wait`, { method: 'PUT', headers: { 'x-request-timeout-seconds': '0.2' } });
    assert.deepEqual([answer.status, errorOf(answer).code], [504, 'NBS_REQUEST_TIMEOUT']);
    await seen('waited PUT, aborted true');
    assert.equal((await send(`${url}/deaf`, { headers: { 'x-request-timeout-seconds': '0.05' } })).status, 504);
    await seen('deaf ended');
  });

  test('events are sent when they are written, and end when the client disconnects', async () => {
    const request = open(`${url}/events`);
    request.end();
    const response = await responseOf(request);
    assert.equal(response.headers['content-type'], 'text/event-stream');
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (text.includes('"n":3')) break;
    }
    request.destroy();
    assert.match(text, /^id: 0\ndata: \{"n":0\}\n\nid: 1\n/);
    await seen('events closed, aborted true');
  });

  test('streams wait for a slow client, and end when it disconnects', async () => {
    const bytes = 200 * 1024 * 1024;
    const request = open(`${url}/stream?bytes=${bytes}`);
    request.end();
    const response = await responseOf(request);
    response.once('data', () => response.pause());
    await until(() => response.isPaused());
    const { bytes: none, rss } = JSON.parse(
      (await send(`${url}/count`, { method: 'POST', headers: { 'content-type': 'application/octet-stream' } }, 'x')).text,
    ) as { bytes: number; rss: number };
    assert.equal(none, 1);
    let got = 0;
    response.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    response.resume();
    await new Promise((resolve) => response.once('end', resolve));
    assert.ok(got > bytes - 128 * 1024, String(got));
    assert.ok(rss < 400 * 1024 * 1024, `${rss} bytes`);
    await seen('stream closed, whole');
    const left = open(`${url}/stream?bytes=${bytes}`);
    left.end();
    await responseOf(left);
    left.destroy();
    await seen('stream closed, cut');
  });

  test('uploads are read while they arrive', async () => {
    const form = new FormData();
    form.append('a', new Blob([Buffer.alloc(3_000_000)]), 'a.bin');
    form.append('b', new Blob(['small']), 'b.txt');
    const answer = await fetch(`${url}/upload`, { method: 'POST', body: form });
    assert.deepEqual(await answer.json(), { 'a.bin': 3_000_000, 'b.txt': 5 });
    const request = open(`${url}/count`, { method: 'POST', headers: { 'content-type': 'application/octet-stream' } });
    const pending = responseOf(request);
    const piece = Buffer.alloc(1024 * 1024);
    for (let n = 0; n < 200; n += 1) if (!request.write(piece)) await new Promise((resolve) => request.once('drain', resolve));
    request.end();
    let text = '';
    for await (const chunk of await pending) text += String(chunk);
    const { bytes, rss } = JSON.parse(text) as { bytes: number; rss: number };
    assert.equal(bytes, 200 * piece.length);
    assert.ok(rss < 400 * 1024 * 1024, `${rss} bytes`);
  });
});

suite('around the routes', () => {
  test('Zod schemas validate requests, serialise answers, and appear in the document', async () => {
    const { url } = await serve.run(ZodDeployment.bind(), { name: 'zod', routePrefix: '/zod' });
    const post = (body: unknown) => send(`${url}/hello`, { method: 'POST', headers: JSON_TYPE }, JSON.stringify(body));
    assert.deepEqual(JSON.parse((await post({ name: 'Ada', more: 1 })).text), { hello: 'Ada' });
    const refused = await post({ name: 'A' });
    assert.equal(refused.status, 422);
    assert.match(errorOf(refused).message ?? '', /name/);
    const document = JSON.parse((await send(`${url}/openapi.json`)).text) as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: { properties: object } }> } } }>;
    };
    const { schema } = document.paths['/hello']?.post.requestBody.content['application/json'] ?? {};
    assert.deepEqual(Object.keys(schema?.properties ?? {}), ['name', 'age']);
  });

  test('static members set options of Fastify and parts of the document, and own pages replace ours', async () => {
    const { url } = await serve.run(OwnSettings.bind(), { name: 'own', routePrefix: '/own' });
    assert.equal((await send(`${url}/here/`)).text, 'here');
    assert.equal((await send(`${url}/small`, { method: 'POST', headers: JSON_TYPE }, '"0123456789"')).status, 413);
    assert.equal((await send(`${url}/docs`)).text, 'my own docs');
    assert.equal((await send(`${url}/none`)).text, 'my own 404');
    const { info, tags, servers } = JSON.parse((await send(`${url}/openapi.json`)).text) as Record<string, unknown>;
    assert.deepEqual([info, tags, servers], [{ title: 'Mine', version: '3.2.1' }, [{ name: 'all' }], [{ url: '/own' }]]);
  });

  test('if routes cannot be registered, the deploy fails with their error', async () => {
    await assert.rejects(serve.run(FailingRoutes.bind(), { name: 'failing', routePrefix: '/failing' }), /no such plugin/);
    await assert.rejects(serve.run(Listening.bind(), { name: 'listening', routePrefix: '/listening' }), /leave the call out/);
    await assert.rejects(
      serve.run(WithFetch.bind(), { name: 'both', routePrefix: '/both' }),
      /WithFetch was given to ingress\(\) and has a method fetch/,
    );
  });

  test('an update under load fails no request, and requests that were begun can end', async () => {
    const options = { name: 'slow', routePrefix: '/slow' };
    const { url } = await serve.run(Slow.bind(), options);
    const long = send(`${url}/long`);
    let isOver = false;
    const pids = new Set<string>();
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const answer = await send(url);
        assert.equal(answer.status, 200, answer.text);
        pids.add(answer.text);
      }
    });
    await until(() => pids.size === 1);
    await serve.run(Slow.options({ version: '2' }).bind(), options);
    await until(() => pids.size === 2);
    isOver = true;
    await Promise.all(load);
    assert.equal((await long).text, 'begun whole');
  });

  test('an update switches between an ingress and a plain deployment', async () => {
    const options = { name: 'switch', routePrefix: '/switch' };
    const { url } = await serve.run(OwnSettings.bind(), options);
    assert.equal((await send(`${url}/here`)).text, 'here');
    await serve.run(plain.bind(), options);
    assert.equal((await send(`${url}/here`)).text, 'plain');
    await serve.run(OwnSettings.bind(), options);
    assert.equal((await send(`${url}/here`)).text, 'here');
  });
});
