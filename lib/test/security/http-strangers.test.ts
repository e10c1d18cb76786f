import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { RawConnection, sendRaw, statuses, statusOf } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

const ECHO = `
exports.default = class Echo {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/boom') throw new TypeError('boom');
    if (pathname === '/lengths') {
      const later = new ReadableStream({ async start(out) { await new Promise((go) => setTimeout(go, 20)); out.enqueue(new Uint8Array([65])); out.close(); } });
      return new Response(later, { headers: [['content-length', '1'], ['content-length', '1']] });
    }
    if (pathname === '/two') {
      return new Response(new ReadableStream({ async start(out) { out.enqueue(new Uint8Array([65])); await new Promise((go) => setTimeout(go, 100)); out.enqueue(new Uint8Array([66])); out.close(); } }));
    }
    if (pathname === '/trickle') {
      return new Response(new ReadableStream({ start(out) { out.enqueue(new Uint8Array([65])); } }));
    }
    const body = request.method === 'GET' ? '' : await request.text();
    return { method: request.method, url: request.url, body, headers: [...request.headers] };
  }
};`;

suite('HTTP strangers', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open({ bodyIdleMs: 200 });
    await plane.deploy(ECHO);
    await plane.deploy('exports.default = () => "hello";', { name: 'Hello', prefix: '/hello' });
  });
  after(() => plane?.stop());

  const ask = (line: string, ...headers: string[]): Promise<string> =>
    sendRaw(plane.url, `${[`${line} HTTP/1.1`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const works = async (): Promise<void> => assert.equal((await send(`${plane.url}/hello`)).text, 'hello');

  test('only what is a host, and ours, is taken for one', async () => {
    const foreign = [
      'evil.example',
      'evil.example:8000',
      'localhost.evil.example',
      'localhostx',
      '127.0.0.1.evil.example',
      '128.0.0.1',
      '0.0.0.0',
      // From these, a deployment would make a URL of another host.
      'evil.example/.localhost',
      'evil.example#.localhost',
      'evil.example?.localhost',
      'evil.example@x.localhost',
      'localhost@evil.example',
      'evil.example\\.localhost',
      'evil .localhost',
      'localhost..',
      'localhost:8000:1',
      'localhost:99999',
      'localhost:x',
      '[localhost]',
      '[::1',
      '::1',
      '[::2]',
      'localhost, evil.example',
      '.',
      '',
    ];
    for (const host of foreign) assert.equal(statusOf(await ask('GET /', `Host: ${host}`)), 403, `host ${JSON.stringify(host)}`);
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      'localhost.',
      'localhost:',
      'a.localhost',
      '127.9.9.9',
      '[::1]',
      '[::1]:80',
      '[::ffff:127.0.0.1]',
    ])
      assert.equal(statusOf(await ask('GET /hello', `Host: ${host}`)), 200, `host ${host}`);
  });

  test('a second Host, or one in the request target, does not get past the first', async () => {
    assert.equal(statusOf(await ask('GET /', 'Host: localhost', 'host: evil.example')), 403);
    assert.equal(statusOf(await ask('GET /', 'Host: evil.example', 'Host: localhost')), 403);
    assert.equal(statusOf(await ask('GET http://evil.example/', 'Host: localhost')), 403);
    assert.equal(statusOf(await ask('GET http://localhost/hello', 'Host: localhost')), 200);
    assert.equal(statusOf(await ask('GET http://[', 'Host: localhost')), 400);
    assert.equal(statusOf(await ask('GET /')), 400);
  });

  test('pages of other sites may not call, whatever method they use', async () => {
    const foreign = [
      'Origin: https://evil.example',
      'Origin: null',
      'Origin: http://localhost.evil.example',
      'Origin: http://evil.example:80/localhost',
      'Origin: file://',
    ];
    for (const origin of foreign)
      for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE'])
        assert.equal(statusOf(await ask(`${method} /hello`, 'Host: localhost', origin)), 403, `${method} ${origin}`);
    const answer = await ask(
      'OPTIONS /hello',
      'Host: localhost',
      'Origin: http://localhost:8888',
      'Access-Control-Request-Method: PUT',
    );
    assert.doesNotMatch(answer, /access-control-allow/i);
  });

  test('a request that two readers could read differently is refused, and ends its connection', async () => {
    const post = (...lines: string[]): string => ['POST / HTTP/1.1', 'Host: localhost', ...lines].join('\r\n');
    const hidden = 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const forms: Record<string, string> = {
      'length and chunks': post('Content-Length: 6', 'Transfer-Encoding: chunked', '', '0', '', hidden),
      'two lengths': post('Content-Length: 1', 'Content-Length: 2', '', `ab${hidden}`),
      'one length twice': post('Content-Length: 1', 'Content-Length: 1', '', `a${hidden}`),
      'a signed length': post('Content-Length: +1', '', `a${hidden}`),
      'a negative length': post('Content-Length: -1', '', `a${hidden}`),
      'a length beyond numbers': post('Content-Length: 99999999999999999999', '', `a${hidden}`),
      'chunks twice': post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', '0', '', hidden),
      'no chunks at the end': post('Transfer-Encoding: chunked, gzip', '', '0', '', hidden),
      identity: post('Transfer-Encoding: identity', '', `a${hidden}`),
      'another coding': post('Transfer-Encoding: xchunked', '', '0', '', hidden),
      'a space before the colon': post('Transfer-Encoding : chunked', '', '0', '', hidden),
      'a folded header': post('X-A: a', ' b', '', hidden),
      'a folded coding': post('Transfer-Encoding:', ' chunked', '', '0', '', hidden),
      'line feeds alone': post('').replaceAll('\r\n', '\n') + hidden,
      'a return alone': post('X-A: a\rX-B: b', '', hidden),
      'a zero byte': post('X-A: a\0b', '', hidden),
      'a space in a name': post('X A: b', '', hidden),
      'a chunk of no size': post('Transfer-Encoding: chunked', '', 'zz', 'a', '0', '', hidden),
      'a chunk of a size beyond numbers': post('Transfer-Encoding: chunked', '', 'fffffffffffffffff', 'a', '0', '', hidden),
      'chunks with line feeds alone': post('Transfer-Encoding: chunked', '', '1\na\n0\n\n'),
      'an extension over the limit': post('Transfer-Encoding: chunked', '', `1;${'a'.repeat(40_000)}`, 'a', '0', '', hidden),
      'another protocol': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    };
    for (const [what, bytes] of Object.entries(forms)) {
      const answer = await sendRaw(plane.url, bytes);
      assert.deepEqual(statuses(answer), [400], what);
      assert.match(answer, /NBS_MALFORMED_REQUEST/, what);
    }
    await works();
  });

  test('bytes after a body are the next request, and those in it are not', async () => {
    const inner = 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const last = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const get = `GET /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
    assert.deepEqual(statuses(await sendRaw(plane.url, get + last)), [200, 200]);
    // Node drops headers above a limit by default; here it would be the one that says where the body ends.
    const many = 'a:\r\n'.repeat(2500);
    const post = `POST /echo HTTP/1.1\r\nHost: localhost\r\n${many}Content-Length: ${inner.length}\r\n\r\n${inner}`;
    const answer = await sendRaw(plane.url, post + last);
    assert.deepEqual(statuses(answer), [200, 200]);
    assert.ok(answer.includes(JSON.stringify(inner)));
  });

  test('garbage behind a request does not get into its answer', async () => {
    const connection = new RawConnection(plane.url).write('GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.until(/\r\n1\r\nA\r\n/);
    connection.write('no request\r\n\r\n');
    assert.match(await connection.closed, /\r\n1\r\nA\r\n1\r\nB\r\n0\r\n\r\nHTTP\/1\.1 400 /);
    await works();
  });

  test('heads over the limit are refused with 431', async () => {
    assert.equal(statusOf(await ask('GET /', 'Host: localhost', `X-A: ${'a'.repeat(20_000)}`)), 431);
    assert.equal(statusOf(await ask(`GET /${'a'.repeat(20_000)}`, 'Host: localhost')), 431);
    // The largest heads that are accepted grow on their way to the replica, and still fit.
    for (const grows of ['"', '\\', '\xff', '\t-']) {
      assert.equal(statusOf(await ask('GET /hello', 'Host: localhost', `X-A: -${grows.repeat(15_000 / grows.length)}`)), 200);
    }
  });

  test('methods that are no calls open nothing', async () => {
    assert.equal(statusOf(await ask('CONNECT evil.example:80', 'Host: evil.example:80')), 400);
    assert.equal(statusOf(await ask('GET /hello', 'Host: localhost', 'Upgrade: websocket', 'Sec-WebSocket-Key: x')), 200);
    const upgrade = await sendRaw(
      plane.url,
      'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    );
    assert.equal(statusOf(upgrade), 200);
    assert.equal(statusOf(await ask('OPTIONS *', 'Host: localhost')), 200);
    assert.equal(statusOf(await ask('TRACE /hello', 'Host: localhost', 'Cookie: secret')), 200);
    assert.equal(statusOf(await ask('get /hello', 'Host: localhost')), 400);
    await works();
  });

  test('hop-by-hop headers, and those that Connection names, end here', async () => {
    const answer = await sendRaw(
      plane.url,
      'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close, x-mine\r\nX-Mine: 1\r\nX-Kept: 2\r\nKeep-Alive: 9\r\nTE: trailers\r\nProxy-Authorization: s\r\n\r\n',
    );
    assert.match(answer, /x-kept/);
    assert.doesNotMatch(answer, /x-mine|proxy-authorization|trailers/);
  });

  test('prefixes end at whole segments, and no spelling of a path reaches the pages of the proxy', async () => {
    const text = async (path: string): Promise<string> =>
      (await ask(`GET ${path}`, 'Host: localhost')).split('\r\n\r\n')[1] as string;
    for (const path of ['/hello', '/hello/', '/hello?x', '/hello/x']) assert.equal(await text(path), 'hello', path);
    for (const path of [
      '/helloworld',
      '/hello%2fx',
      '/HELLO',
      '//hello',
      '/x/../hello',
      '/%2d/routes',
      '/./-/routes',
      '//-/routes',
      '/-',
    ])
      assert.match(await text(path), /"method":"GET"/, path);
    for (const path of ['/-/healthz/', '/-/../hello', '/-/%72outes', '/-/Routes', '/-/'])
      assert.match(await text(path), /NBS_NO_ROUTE/, path);
    for (const path of ['/-/routes', '/-/routes?token=x', 'http://localhost/x/../-/routes'])
      assert.equal(statusOf(await ask(`GET ${path}`, 'Host: localhost')), 401, path);
  });

  test("without the token the routes are nobody's business", async () => {
    const { token } = plane;
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${token.slice(1)}`,
      `Bearer ${token}x`,
      `Basic ${token}`,
      token,
      `Bearer ${token} ${token}`,
      'Bearer \xff',
    ];
    for (const authorization of wrong)
      assert.equal(
        statusOf(await ask('GET /-/routes', 'Host: localhost', `Authorization: ${authorization}`)),
        401,
        authorization,
      );
    const twice = await ask('GET /-/routes', 'Host: localhost', 'Authorization: Bearer x', `Authorization: Bearer ${token}`);
    assert.equal(statusOf(twice), 401);
    assert.equal(statusOf(await ask('GET /-/routes', 'Host: localhost', `Authorization: Bearer ${token}`)), 200);
  });

  test('a request id is taken over only if no terminal would obey it', async () => {
    const id = async (given: string): Promise<string | undefined> =>
      /x-request-id: (.*)\r\n/.exec(await ask('GET /hello', 'Host: localhost', `X-Request-Id: ${given}`))?.[1];
    assert.equal(await id('mine-1'), 'mine-1');
    for (const given of ['\x9b31m', 'a b', 'é', 'x'.repeat(129)]) assert.notEqual(await id(given), given);
  });

  test('an answer never names two lengths', async () => {
    const answer = await ask('GET /lengths', 'Host: localhost');
    assert.equal(statusOf(answer), 200);
    assert.doesNotMatch(answer, /content-length: 1, 1/);
    assert.match(answer, /A/);
  });

  test('a body that stops coming is given up, whoever was to read it', async () => {
    const head = (target: string, length: string): string => `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`;
    const stalled = ['Content-Length: 100', 'Content-Length: 9000000'].map((length) =>
      sendRaw(plane.url, `${head('/echo', length)}some`),
    );
    stalled.push(sendRaw(plane.url, `${head('/echo', 'Transfer-Encoding: chunked')}5\r\nabc`));
    for (const answer of await Promise.all(stalled)) {
      assert.equal(statusOf(answer), 408);
      assert.match(answer, /NBS_REQUEST_TOO_SLOW/);
    }
    // This is answered at once. The rest of the body does not keep the connection.
    const refused = await sendRaw(plane.url, `${head('/-/healthz', 'Content-Length: 100')}some`);
    assert.equal(statusOf(refused), 200);
    assert.equal(statusOf(await sendRaw(plane.url, `${head('/hello', 'Content-Length: 100\r\nOrigin: null')}some`)), 403);
  });

  test('clients that hang up halfway, or only stop talking, leave nothing behind', async () => {
    const half = new RawConnection(plane.url).write('POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab');
    half.socket.end();
    await half.closed;
    const reset = new RawConnection(plane.url).write('GET /trickle HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await reset.until(/A/);
    reset.socket.resetAndDestroy();
    const quiet = new RawConnection(plane.url).write('GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    quiet.socket.end();
    await quiet.closed;
    // The request is malformed, and the client does not close the connection. It notices the end when it sends more.
    const stays = new RawConnection(plane.url);
    stays.socket.allowHalfOpen = true;
    stays.write('nonsense\r\n\r\n');
    await once(stays.socket, 'end');
    await until(() => {
      if (!stays.socket.destroyed) stays.write('x');
      return stays.socket.destroyed;
    });
    await works();
  });
});
