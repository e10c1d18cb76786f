import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { RawConnection, sendRaw, statuses, statusOf } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

const APP = `
const seen = { begun: 0, aborted: 0 };
const later = (ms) => new Promise((go) => setTimeout(go, ms));
exports.default = async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === '/seen') return seen;
  if (pathname === '/slow') { seen.begun += 1; await later(Number(searchParams.get('ms'))); return 'slow'; }
  if (pathname === '/hang') {
    seen.begun += 1;
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    seen.aborted += 1;
    return 'late';
  }
  if (pathname === '/drip') return (async function* () { for (let i = 0; i < 8; i += 1) { yield 'd'; await later(200); } })();
  return pathname + ':' + (request.method === 'POST' ? await request.text() : '');
};`;

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`;
const get = (path: string, ...headers: string[]): string => lines(`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers);
const chunked = (path: string, body: string): string =>
  `${lines(`POST ${path} HTTP/1.1`, 'Host: localhost', 'Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

suite('edges of HTTP', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open({ allowedHosts: ['models.example'], allowedOrigins: ['https://friend.example'] });
    await plane.deploy(APP);
  });
  after(() => plane?.stop());

  const seen = async (): Promise<{ begun: number; aborted: number }> => JSON.parse((await send(`${plane.url}/seen`)).text);
  const ask = async (...headers: string[]): Promise<number> =>
    statusOf(await sendRaw(plane.url, get('/x', 'Connection: close', ...headers)));

  test('pages of other sites cause no GET, by whatever element: image, script, frame, form or link', async () => {
    const modes = [
      ['no-cors', 'image'],
      ['no-cors', 'script'],
      ['navigate', 'iframe'],
      ['navigate', 'frame'],
      ['navigate', 'object'],
      ['navigate', 'embed'],
      ['navigate', 'document'],
      ['cors', 'empty'],
      ['websocket', 'empty'],
    ];
    for (const [mode, dest] of modes) {
      const kind = [`Sec-Fetch-Mode: ${mode}`, `Sec-Fetch-Dest: ${dest}`];
      assert.equal(await ask('Sec-Fetch-Site: cross-site', ...kind), 403, `${mode} ${dest}`);
      assert.equal(await ask('Sec-Fetch-Site: cross-site', 'Sec-Fetch-User: ?1', ...kind), 403, `${mode} ${dest} by a click`);
      assert.equal(await ask('Sec-Fetch-Site: cross-site', 'Referer: https://evil.example/x', ...kind), 403);
      assert.equal(await ask('Sec-Fetch-Site: cross-site', 'Referer: http://localhost.evil.example/', ...kind), 403);
      assert.equal(await ask('Sec-Fetch-Site: something-new', ...kind), 403);
      // These are requests that the user causes: a typed address, and pages of this server, of another port of this machine, and of allowed origins.
      assert.equal(await ask('Sec-Fetch-Site: none', ...kind), 200);
      assert.equal(await ask('Sec-Fetch-Site: same-origin', ...kind), 200);
      assert.equal(await ask('Sec-Fetch-Site: same-site', ...kind), 200);
      assert.equal(await ask('Sec-Fetch-Site: cross-site', 'Referer: http://localhost:8888/lab', ...kind), 200);
      assert.equal(await ask('Sec-Fetch-Site: cross-site', 'Referer: https://friend.example/', ...kind), 200);
    }
  });

  test('a name that is served has neighbours that are not trusted', async () => {
    const at = async (...headers: string[]): Promise<number> =>
      statusOf(await sendRaw(plane.url, lines('GET /x HTTP/1.1', 'Host: models.example', 'Connection: close', ...headers)));
    assert.equal(await at('Sec-Fetch-Site: same-site', 'Referer: https://evil.models.example/'), 403);
    assert.equal(await at('Sec-Fetch-Site: same-site'), 403);
    assert.equal(await at('Sec-Fetch-Site: same-origin'), 200);
    assert.equal(await at('Sec-Fetch-Site: none'), 200);
    assert.equal(await at(), 200);
  });

  test('a browser that does not say who asks is judged by its Referer, another program by nothing', async () => {
    assert.equal(await ask('Referer: https://evil.example/page'), 403);
    assert.equal(await ask('Referer: nonsense'), 403);
    assert.equal(await ask('Referer: https://friend.example/page'), 200);
    assert.equal(await ask(), 200);
    const twice = await sendRaw(plane.url, get('/x', 'Connection: close', 'Sec-Fetch-Site: none', 'Sec-Fetch-Site: cross-site'));
    assert.equal(statusOf(twice), 403);
  });

  test('a refused request gets its 4xx on a kept connection too, behind all answers before it', async () => {
    const bad = 'GET /x HTTP/1.1\r\nHost : localhost\r\n\r\n';
    for (const first of [get('/a'), chunked('/a', 'body'), get('/slow?ms=100'), get('/a') + chunked('/slow?ms=100', 'x')]) {
      const count = statuses(first.replaceAll(/(GET|POST) \S+ HTTP\/1\.1/g, 'HTTP/1.1 200 ')).length;
      assert.deepEqual(
        statuses(await sendRaw(plane.url, first + bad)),
        [...Array.from({ length: count }, () => 200), 400],
        first,
      );
      const connection = new RawConnection(plane.url).write(first);
      await until(() => statuses(connection.text).length === count);
      connection.write(bad);
      assert.deepEqual(statuses(await connection.closed).slice(-1), [400], `later, ${first}`);
    }
  });

  test('a body that is none is answered once, by the request that it is of', async () => {
    const bad = `${lines('POST /b HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: chunked')}zz\r\n`;
    const text = await sendRaw(plane.url, chunked('/slow?ms=50', 'x') + bad);
    assert.deepEqual(statuses(text), [200, 400]);
    const refused = `${lines('POST /b HTTP/1.1', 'Host: localhost', 'Origin: https://evil.example', 'Transfer-Encoding: chunked')}1\r\na\r\nzz\r\n`;
    assert.deepEqual(statuses(await sendRaw(plane.url, refused)), [403]);
  });

  test('what Node refuses by itself is refused once, and no older client is told to go on', async () => {
    assert.deepEqual(
      statuses(await sendRaw(plane.url, `${get('/a')}GET /b HTTP/1.1\r\nX: y\r\n\r\nno request\r\n\r\n`)),
      [200, 400],
    );
    const old = lines('POST /e HTTP/1.0', 'Host: localhost', 'Expect: 100-continue', 'Content-Length: 4');
    assert.deepEqual(statuses(await sendRaw(plane.url, `${old}body`)), [200]);
  });

  test('Proxy-Connection means what Connection means, for whoever reads the request', async () => {
    assert.match(await sendRaw(plane.url, get('/x', 'Proxy-Connection: close')), /connection: close/i);
  });

  test('a body is asked for only if it is wanted, and in its turn', async () => {
    const expecting = (...headers: string[]): string =>
      lines('POST /e HTTP/1.1', 'Host: localhost', ...headers, 'Expect: 100-continue', 'Content-Length: 4');
    for (const ahead of ['', get('/slow?ms=100'), chunked('/drip', 'x')]) {
      const wanted = new RawConnection(plane.url).write(ahead + expecting('Connection: close'));
      await wanted.until(/100 Continue\r\n\r\n$/);
      wanted.write('body');
      assert.match(await wanted.closed, /HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [\s\S]*\/e:body$/);
      for (const header of ['Origin: https://evil.example', 'X-Request-Timeout-Seconds: soon', 'Host: evil.example']) {
        const refused = new RawConnection(plane.url).write(ahead + expecting(header));
        await refused.until(/"requestId":"[^"]+"}}$/);
        refused.socket.destroy();
        assert.doesNotMatch(refused.text, /100 Continue/, header);
        assert.match(refused.text, /HTTP\/1\.1 40[03] [\s\S]*connection: close/i, header);
      }
    }
  });

  test('pages of the proxy itself do not ask for a body, and leave no place for another request', async () => {
    const text = new RawConnection(plane.url).write(
      lines('POST /-/healthz HTTP/1.1', 'Host: localhost', 'Expect: 100-continue', 'Content-Length: 4'),
    );
    await text.until(/success$/);
    text.socket.destroy();
    assert.match(text.text, /^HTTP\/1\.1 200 [\s\S]*connection: close/i);
  });

  test('a client that sends no more gets the answers to all that it sent', async () => {
    const sent: Record<string, [string, number[]]> = {
      'plain ones': [get('/a') + get('/b') + get('/c'), [200, 200, 200]],
      'slow ones': [get('/slow?ms=50') + get('/slow?ms=50') + get('/c'), [200, 200, 200]],
      'of both kinds': [get('/a') + chunked('/slow?ms=50', 'x') + get('/c') + chunked('/d', 'y'), [200, 200, 200, 200]],
      'chunked first': [chunked('/slow?ms=50', 'x') + get('/c'), [200, 200]],
      'a stream': [get('/drip') + get('/c'), [200, 200]],
      'a cut one at the end': [`${get('/slow?ms=50')}GET /x HT`, [200, 400]],
      'a cut body at the end': [
        `${get('/a')}${lines('POST /x HTTP/1.1', 'Host: localhost', 'Content-Length: 9')}abc`,
        [200, 400],
      ],
    };
    for (const [what, [bytes, expected]] of Object.entries(sent)) {
      const connection = new RawConnection(plane.url, true);
      connection.socket.end(bytes);
      assert.deepEqual(statuses(await connection.closed), expected, what);
    }
  });

  test('one that sends no more and waits for long is told that its request is worked on; one that left is given up', async () => {
    for (const bytes of [get('/slow?ms=1500'), chunked('/slow?ms=1500', 'x')]) {
      const waits = new RawConnection(plane.url, true);
      waits.socket.end(bytes);
      const text = await waits.closed;
      assert.deepEqual(new Set(statuses(text)), new Set([102, 200]));
      assert.match(text, /slow/);
    }
    for (const bytes of [get('/hang'), chunked('/hang', 'x'), get('/hang').replace('1.1', '1.0')]) {
      const { begun, aborted } = await seen();
      const leaves = new RawConnection(plane.url).write(bytes);
      await until(async () => (await seen()).begun === begun + 1);
      leaves.socket.destroy();
      await until(async () => (await seen()).aborted === aborted + 1);
    }
  });

  test('a time of any size is a time, and what is none is refused', async () => {
    const within = async (value: string): Promise<number> => ask(`X-Request-Timeout-Seconds: ${value}`);
    for (const value of ['9'.repeat(400), '99999999999', '2147483648', '1', '.5', '0000001'])
      assert.equal(await within(value), 200, value);
    for (const value of ['0', '0.0', '-1', '+1', 'NaN', 'Infinity', '1e308', '1e3', '0x10', '', '1 2', '1,2', '1s', '١'])
      assert.equal(await within(value), 400, value);
    const twice = await sendRaw(
      plane.url,
      get('/x', 'Connection: close', 'X-Request-Timeout-Seconds: 1', 'X-Request-Timeout-Seconds: 2'),
    );
    assert.equal(statusOf(twice), 400);
  });
});
