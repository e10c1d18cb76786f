/** Connections that begin with plain requests, which the proxy reads itself, and continue with other requests, which Node's server reads. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { RawConnection, statuses } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

const ECHO = `
exports.default = class Echo {
  waiting = 0;
  aborted = 0;
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/counts') return '<' + this.waiting + ' ' + this.aborted + '>';
    if (pathname === '/wait') {
      this.waiting += 1;
      return new Promise(() => request.signal.addEventListener('abort', () => { this.aborted += 1; }));
    }
    if (pathname === '/items') return (async function* () { yield 'one '; yield 'two '; await new Promise((go) => setTimeout(go, 20)); yield 'three'; })();
    if (pathname === '/sized') return new Response(new ReadableStream({ async start(out) { await new Promise((go) => setTimeout(go, 20)); out.enqueue(new Uint8Array([65, 66])); out.close(); } }), { headers: { 'content-length': request.headers.get('x-length') } });
    if (pathname === '/none') return undefined;
    if (pathname === '/large') return 'L'.repeat(Number(request.query.size));
    if (pathname === '/date') return new Response('d', { headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT' } });
    return (request.method === 'GET' ? '' : await request.text()) + '|' + pathname + '|';
  }
};`;

suite('connections', () => {
  let plane: DataPlane;
  before(async () => {
    plane = await DataPlane.open();
    await plane.deploy(ECHO);
  });
  after(() => plane?.stop());

  const get = (path: string, ...headers: string[]): string =>
    `${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
  const post = (path: string, body: string, ...headers: string[]): string =>
    `${[`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
  const chunked = (path: string, body: string): string =>
    `${[`POST ${path} HTTP/1.1`, 'Host: localhost', 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const last = (path: string): string => get(path, 'Connection: close');

  test('requests that come at once are answered in turn, whoever reads them', async () => {
    const all = [
      get('/1'),
      post('/2', 'two'),
      get('/none'),
      chunked('/3', 'three'),
      get('/4'),
      get('/items'),
      post('/5', 'five'),
      last('/6'),
    ];
    const connection = new RawConnection(plane.url).write(all.join(''));
    const text = await connection.closed;
    assert.deepEqual(statuses(text), [200, 200, 204, 200, 200, 200, 200, 200]);
    assert.deepEqual(text.match(/\w*\|\/\d\|/g), ['|/1|', 'two|/2|', 'three|/3|', '|/4|', 'five|/5|', '|/6|']);
  });

  test('a request may come byte by byte', async () => {
    const connection = new RawConnection(plane.url);
    connection.socket.setNoDelay(true);
    for (const character of post('/slow', 'body', 'Connection: keep-alive') + last('/end')) {
      connection.write(character);
      await new Promise((go) => setImmediate(go));
    }
    assert.deepEqual((await connection.closed).match(/\w*\|\/\w+\|/g), ['body|/slow|', '|/end|']);
  });

  test('one that comes in two pieces with a pause between is answered', async () => {
    const whole = post('/paused', 'body');
    for (const cut of [3, 20, whole.length - 2]) {
      const connection = new RawConnection(plane.url).write(whole.slice(0, cut));
      // This is longer than the proxy waits, so Node's server has the connection then.
      await new Promise((go) => setTimeout(go, 1200));
      connection.write(whole.slice(cut));
      await connection.until(/body\|\/paused\|/);
      connection.write(last('/end'));
      assert.deepEqual(statuses(await connection.closed), [200, 200]);
    }
  });

  test('answers without a length come in chunks, and those with one are held to it', async () => {
    const connection = new RawConnection(plane.url).write(get('/items'));
    await connection.until(/0\r\n\r\n$/);
    // Pieces of the same turn are joined.
    assert.match(connection.text, /Transfer-Encoding: chunked\r\n\r\n[\da-f]+\r\none (?:\r\n[\da-f]+\r\n)?two /);
    connection.text = '';
    connection.write(get('/sized', 'x-length: 2'));
    await connection.until(/AB$/);
    assert.match(connection.text, /content-length: 2\r\n/);
    assert.doesNotMatch(connection.text, /chunked/);
    // If the answer is longer than its content-length, the rest would be read as the next answer.
    for (const length of [1, 3]) {
      const broken = new RawConnection(plane.url).write(get('/sized', `x-length: ${length}`) + get('/next'));
      const text = await broken.closed;
      assert.doesNotMatch(text, length === 1 ? /AB|next/ : /next/);
    }
    connection.write(last('/end'));
    await connection.closed;
  });

  test('an answer has one date, says how long its connection is kept, and no body if its status has none', async () => {
    const connection = new RawConnection(plane.url).write(get('/date'));
    await connection.until(/\r\n\r\nd$/);
    assert.deepEqual(connection.text.match(/^date: .*$/gim), ['date: Thu, 01 Jan 1970 00:00:00 GMT']);
    assert.match(connection.text, /Connection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n/);
    connection.text = '';
    connection.write(get('/none'));
    await connection.until(/\r\n\r\n$/);
    assert.match(connection.text, /^HTTP\/1\.1 204 No Content\r\n/);
    assert.doesNotMatch(connection.text, /content-length|transfer-encoding/i);
    connection.text = '';
    connection.write(get('/now'));
    await connection.until(/\|\/now\|$/);
    const date = /^Date: (.*)\r$/m.exec(connection.text)?.[1] ?? '';
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
    connection.socket.destroy();
  });

  test('errors and pages of the proxy leave the connection as it was', async () => {
    const path = `/-/${'nothing'}`;
    const connection = new RawConnection(plane.url).write(get('/-/healthz') + get(path) + get('/-/routes') + last('/end'));
    assert.deepEqual(statuses(await connection.closed), [200, 404, 401, 200]);
    assert.match(connection.text, /success/);
  });

  test('a client that does not take its answers is asked to, and the others are served', async () => {
    const size = 256 * 1024;
    const count = 40;
    const greedy = new RawConnection(plane.url);
    greedy.socket.pause();
    greedy.write(get(`/large?size=${size}`).repeat(count));
    const other = new RawConnection(plane.url).write(last('/other'));
    assert.match(await other.closed, /\|\/other\|/);
    greedy.socket.resume();
    greedy.write(last('/end'));
    const text = await greedy.closed;
    assert.equal(statuses(text).length, count + 1);
    assert.equal(text.match(/L+/g)?.filter((run) => run.length === size).length, count);
  });

  test('a client that leaves aborts what it asked for', async () => {
    const counts = async (): Promise<string> =>
      /<(.*)>/.exec(await new RawConnection(plane.url).write(last('/counts')).closed)?.[1] ?? '';
    const connection = new RawConnection(plane.url).write(get('/wait'));
    await until(async () => (await counts()) === '1 0');
    connection.socket.destroy();
    await until(async () => (await counts()) === '1 1');
  });
});
