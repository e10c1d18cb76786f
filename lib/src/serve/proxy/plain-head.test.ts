import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_HEAD_BYTES, readPlainHead } from './plain-head.js';

const headOf = (...lines: string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const PLAIN = headOf('POST /a/b?c=1 HTTP/1.1', 'Host: localhost:8000', 'content-type:application/json', 'Content-Length:  5 ');

test('a plain head is read as it was sent', () => {
  assert.deepEqual(readPlainHead(Buffer.concat([PLAIN, Buffer.from('hello')])), {
    method: 'POST',
    url: '/a/b?c=1',
    headers: Object.assign(Object.create(null), {
      host: 'localhost:8000',
      'content-type': 'application/json',
      'content-length': '5',
    }),
    rawHeaders: ['Host', 'localhost:8000', 'content-type', 'application/json', 'Content-Length', '5'],
    headBytes: PLAIN.length,
    bodyBytes: 5,
  });
});

test('each beginning of a plain head waits for more', () => {
  for (let length = 0; length < PLAIN.length; length += 1) assert.equal(readPlainHead(PLAIN.subarray(0, length)), 'partial');
});

test("what is not plain is Node's", () => {
  const host = 'Host: localhost';
  const others: Record<string, Buffer> = {
    'another method': headOf('OPTIONS / HTTP/1.1', host),
    HEAD: headOf('HEAD / HTTP/1.1', host),
    'a method in lower case': headOf('get / HTTP/1.1', host),
    'a target that is no path': headOf('GET http://localhost/ HTTP/1.1', host),
    'another version': headOf('GET / HTTP/1.0', host),
    'two blanks': headOf('GET  / HTTP/1.1', host),
    'no host': headOf('GET / HTTP/1.1', 'a: b'),
    'two hosts': headOf('GET / HTTP/1.1', host, host),
    'any name twice': headOf('GET / HTTP/1.1', host, 'a: b', 'A: c'),
    chunks: headOf('POST / HTTP/1.1', host, 'Transfer-Encoding: chunked'),
    'an upgrade': headOf('GET / HTTP/1.1', host, 'Upgrade: websocket'),
    'an expectation': headOf('POST / HTTP/1.1', host, 'Expect: 100-continue', 'Content-Length: 1'),
    'the last request of its connection': headOf('GET / HTTP/1.1', host, 'Connection: close'),
    'options of the connection': headOf('GET / HTTP/1.1', host, 'Connection: keep-alive, x'),
    'a tab behind a length, which Node refuses': headOf('POST / HTTP/1.1', host, 'Content-Length: 0\t'),
    'a length that is none': headOf('POST / HTTP/1.1', host, 'Content-Length: +1'),
    'a length in two spellings': headOf('POST / HTTP/1.1', host, 'Content-Length: 01'),
    'a large body': headOf('POST / HTTP/1.1', host, 'Content-Length: 262145'),
    'a blank before the colon': headOf('GET / HTTP/1.1', host, 'a : b'),
    'a folded line': headOf('GET / HTTP/1.1', host, 'a: b', ' c'),
    'a bare line feed': Buffer.from('GET / HTTP/1.1\nHost: localhost\n\r\n\r\n'),
    'a bare carriage return': headOf('GET / HTTP/1.1', host, 'a: b\rc'),
    'a zero byte': headOf('GET / HTTP/1.1', host, 'a: b\0'),
    'more than ASCII': headOf('GET / HTTP/1.1', host, 'a: \xe9'),
    'an empty line first': headOf('', 'GET / HTTP/1.1', host),
    'another protocol': Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00]),
    'a long head': headOf('GET / HTTP/1.1', host, `a: ${'b'.repeat(MAX_HEAD_BYTES)}`),
    'a long head without an end': Buffer.alloc(MAX_HEAD_BYTES, 'GET /'),
  };
  for (const [what, bytes] of Object.entries(others)) assert.equal(readPlainHead(bytes), null, what);
});

/** What Node's server makes of the same bytes: the request and its body; null if it refuses them. */
function readByNode(bytes: Buffer): Promise<{ request: IncomingMessage; body: string } | null> {
  return new Promise((resolve) => {
    let begun: IncomingMessage | undefined;
    const server = createServer((request) => {
      begun ??= request;
      let body = '';
      request.setEncoding('latin1').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => resolve({ request, body }));
    });
    // Bytes after a complete request are not tested here.
    server.on('clientError', () => begun?.complete !== true && resolve(null));
    const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit('connection', connection);
    connection.push(bytes);
  });
}

test('what is read here, Node reads in the same way', async () => {
  const text = (characters: string, maxLength: number) =>
    fc.array(fc.constantFrom(...characters), { maxLength }).map((some) => some.join(''));
  const mostly = (usual: fc.Arbitrary<string>, odd: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const name = mostly(
    fc.oneof(fc.constantFrom('content-length', 'Connection', 'Accept', 'x-request-id'), text('aZ09!#$%&*+-.^_`|~', 6)),
    text('aZ :"(\t\r', 4),
  );
  const value = mostly(
    fc.oneof(fc.constantFrom('3', '0', 'keep-alive', ''), text('aZ09 \t,;="\\', 8)),
    text('a \x7f\xe9\r\n', 4),
  );
  const separator = mostly(fc.constantFrom(':', ': ', ':\t'), fc.constant(' : '));
  const line = fc.tuple(name, separator, value).map((parts) => parts.join(''));
  const target = mostly(text("aZ09/?&%=+-._~!$'()*,;:@", 12), text('a#"<>\\^`{|} ', 3)).map((rest) => `/${rest}`);
  const head = fc
    .tuple(
      mostly(fc.constantFrom('GET', 'POST', 'DELETE'), fc.constantFrom('get', 'HEAD')),
      target,
      fc.array(line, { maxLength: 4 }),
    )
    .map(([method, path, lines]) => headOf(`${method} ${path} HTTP/1.1`, 'Host: a', ...lines));
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(head, async (bytes) => {
      const found = readPlainHead(bytes);
      if (found === null || found === 'partial') return;
      plain += 1;
      // The bytes that follow are another request.
      const body = 'x'.repeat(found.bodyBytes);
      const node = await readByNode(Buffer.concat([bytes.subarray(0, found.headBytes), Buffer.from(body)]));
      assert.deepEqual(
        { method: found.method, url: found.url, raw: found.rawHeaders, headers: { ...found.headers }, body },
        node && {
          method: node.request.method,
          url: node.request.url,
          raw: node.request.rawHeaders,
          headers: { ...node.request.headers },
          body: node.body,
        },
      );
    }),
    { numRuns: 2000 },
  );
  assert.ok(plain > 100, `${plain} of them were plain`);
});
