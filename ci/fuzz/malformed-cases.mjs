// Malformed requests for the routes of lib/test/fixtures/ingress-apps.ts (`Classifier`, `Kitchen`) and routes-apps.ts (`Routed`, `Tools`). The text is Latin-1: one character a byte.
import { Draw } from './draw.mjs';

const head = (line, headers, body = '') =>
  `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n${body}`;
const json = (path, body, type = 'application/json') =>
  head(`POST ${path}`, [`Content-Type: ${type}`, `Content-Length: ${body.length}`], body);
const form = (path, body, boundary = 'b') => json(path, body, `multipart/form-data; boundary=${boundary}`);
const part = (disposition, content) => `--b\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`;

/** Values that the type of no parameter in these routes allows, as JSON. */
const WRONG = [
  'null',
  '[]',
  '1',
  '"a"',
  'true',
  '{}',
  '[{}]',
  '-0',
  '1e999',
  '{"text":null}',
  '{"text":[]}',
  '{"text":{"a":1}}',
  '{"text":""}',
  '{"text":"a"}',
  '{"__proto__":{"text":"abc"}}',
  '{"constructor":1}',
  '{"text":5}',
];
const NUMBERS = [
  '',
  'x',
  'NaN',
  'Infinity',
  '-Infinity',
  '1,2',
  '1_000',
  '0x',
  '1e',
  '--1',
  '%00',
  '[]',
  '{}',
  'null',
  'true',
  '1 2',
  '%F0%9F%98%80',
];

/** Messages that MCP does not allow, as JSON. */
const NO_MESSAGES = [
  'null',
  '1',
  '"ping"',
  '{}',
  '[]',
  '{"method":"ping","id":1}',
  '{"jsonrpc":2,"method":"ping","id":1}',
  '{"jsonrpc":"1.0","method":"tools/list","id":1}',
  '{"jsonrpc":"2.0","id":1}',
  '{"jsonrpc":"2.0","id":1,"method":5}',
  '{"jsonrpc":"2.0","method":{"a":1}}',
  '{"jsonrpc":"2.0","method":null,"params":[]}',
  `[${'1,'.repeat(100)}1]`,
];
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const VERSION = 'Sec-WebSocket-Version: 13';

/** A handshake of a WebSocket. @param headers what it has besides those of any upgrade */
const upgrade = (headers, line = 'GET /sockets/echo') =>
  head(line, [...headers, 'Upgrade: websocket', 'Connection: Upgrade']).replace('Connection: close\r\n', '');

/** Name → what makes one. Each gets the random numbers. */
const KINDS = {
  'broken JSON': (random) => json('/typed/classify', broken(random, '{"text":"hello there","top":3,"deep":[1,{"a":"b"}]}')),
  'JSON of the wrong shape': (random) => json('/typed/classify', random.pick(WRONG)),
  'deep JSON': (random) => json('/typed/classify', random.pick(['[', '{"text":']).repeat(random.between(1, 50_000))),
  'no body': () => json('/typed/classify', ''),
  'bytes that are no UTF-8': (random) =>
    json('/typed/classify', `{"text":"${random.bytes(random.between(3, 200)).replaceAll(/["\\]/g, '\x80')}`),
  'a parameter of the wrong type': (random) =>
    head(`GET /typed/search/${random.pick(['c', 'A', '%61b', '.', 'special2', '%00'])}?limit=${random.pick(NUMBERS)}`, []),
  'a query of the wrong type': (random) =>
    head(
      `GET /typed/search/a?${random.pick(['limit', 'exact', 'since', 'size'])}=${random.pick(NUMBERS.slice(1).filter((one) => one !== 'true'))}&limit=x`,
      [],
    ),
  'a query that is missing': (random) =>
    head(`GET /typed/count${random.pick(['', '?', '?to', '?to=', '?to=11', '?to=x', '?To=1', '?to[]=1'])}`, []),
  'a path that is not encoded well': (random) =>
    head(
      `GET /${random.pick(['typed/items/', 'ingress/', 'typed/search/'])}${random.pick(['%', '%E0%A4%A', '%zz', '%ff%fe', 'a%2', '%c0%af'])}`,
      [],
    ),
  'no such path': (random) =>
    head(`${random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])} /ingress/no/such/${random.word()}`, ['Content-Length: 0']),
  'no such application': (random) => head(`GET /${random.word()}-none`, []),
  'a method that the path has not': (random) =>
    head(`${random.pick(['DELETE', 'PUT', 'PATCH'])} /ingress/${random.pick(['classify', 'test'])}`, ['Content-Length: 0']),
  'a form that ends early': (random) =>
    form(
      '/typed/upload/here',
      broken(
        random,
        `${part('form-data; name="count"', '1')}${part('form-data; name="file"; filename="a.txt"', 'hello')}--b--\r\n`,
      ),
    ),
  'a form without what it needs': (random) =>
    form('/typed/upload/here', `${part('form-data; name="count"', random.pick(NUMBERS))}--b--\r\n`),
  'a form with another boundary': (random) =>
    form('/typed/upload/here', `${part('form-data; name="count"', '1')}--b--\r\n`, random.pick(['c', '', '"', 'x'.repeat(500)])),
  'a form of nothing but noise': (random) => form('/typed/upload/here', random.bytes(random.between(0, 3000))),
  'validation by the ingress': (random) =>
    head(
      `POST /ingress/classify?${random.pick(['', 'input_text=', 'input_text=a', 'input=abc', 'INPUT_TEXT=abc', 'input_text[]=abc'])}`,
      ['Content-Length: 0'],
    ),
  'broken JSON to the ingress': (random) => json('/ingress/classify?input_text=hello', broken(random, '{"a":[1,2,{"b":"c"}]}')),
  'another content type to the ingress': (random) =>
    json('/ingress/classify?input_text=hello', 'a', random.pick(['application/xml', 'image/png', 'x/y', 'text'])),
  'a length that is not one': (random) =>
    head(
      'POST /typed/classify',
      [`Content-Length: ${random.pick(['-1', 'x', '1e3', '0x10', '1, 2', '99999999999999999999', '+5', ''])}`],
      '{"text":"hello"}',
    ),
  'two lengths': () => head('POST /typed/classify', ['Content-Length: 4', 'Content-Length: 16'], '{"text":"hello"}'),
  'a length and chunks': () => head('POST /typed/classify', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
  'chunks that are none': (random) =>
    head(
      `POST /${random.pick(['typed', 'ingress'])}/classify`,
      ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
      random.pick([
        'x\r\n',
        '-1\r\n',
        'fffffffffffffffff\r\n',
        '5\r\nab\r\n0\r\n\r\n',
        ' 5\r\nhello\r\n0\r\n\r\n',
        '5;\x00\r\nhello\r\n0\r\n\r\n',
      ]),
    ),
  'another transfer encoding': (random) =>
    head(
      'POST /typed/classify',
      [`Transfer-Encoding: ${random.pick(['gzip', 'identity, chunked, x', 'chunked, gzip', 'xchunked'])}`],
      '',
    ),
  'a request line that is none': (random) =>
    `${random.pick(['GET', 'GET /', 'GET  / HTTP/1.1', 'FOO / HTTP/1.1', 'GET / HTTP/9.9', 'GET / HTTP/1.1x', 'get / HTTP/1.1', '\x00\x01\x02', 'GET http:// HTTP/1.1', '\x16\x03\x01\x02'])}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  'a header that is none': (random) =>
    head('GET /typed/search/special', [random.pick([': x', 'a b: c', 'a\x00: c', 'x: a\x00b', 'x: a\rb', ' folded', '(): x'])]),
  'another host': (random) =>
    head('GET /typed/search/special', []).replace(
      '127.0.0.1',
      random.pick(['evil.example', '127.0.0.1.evil.example', 'a b', '[::2]', '']),
    ),
  'no host': () => head('GET /typed/search/special', []).replace('Host: 127.0.0.1\r\n', ''),
  'a page of another origin': (random) =>
    head(
      'POST /typed/classify',
      [`Origin: https://${random.word()}.example`, 'Content-Type: application/json', 'Content-Length: 16'],
      '{"text":"hello"}',
    ),
  'a message that is none of MCP': (random) => json('/tools/mcp', random.pick(NO_MESSAGES)),
  'a message of MCP that is no JSON': (random) =>
    json(
      '/tools/mcp',
      broken(random, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":{"body":"x"}}}'),
    ),
  'an upgrade with a wrong key': (random) =>
    upgrade([
      VERSION,
      random.pick([
        'Sec-WebSocket-Key: short',
        'Sec-WebSocket-Key:',
        `Sec-WebSocket-Key: ${'x'.repeat(500)}`,
        `${KEY}, ${KEY}`,
        'X: y',
      ]),
    ]),
  'an upgrade with a wrong version': (random) =>
    upgrade([KEY, `Sec-WebSocket-Version: ${random.pick(['', 'x', '-1', '12', '14', '99999999999', '13, 14'])}`]),
  'an upgrade with wrong extensions': (random) =>
    upgrade([
      KEY,
      VERSION,
      random.pick(['Sec-WebSocket-Protocol: a,,b', 'Sec-WebSocket-Protocol: a, a', 'Sec-WebSocket-Protocol: (']),
    ]),
  'an upgrade of another method': (random) => upgrade([KEY, VERSION], `${random.pick(['POST', 'PUT', 'DELETE'])} /sockets/echo`),
  'an upgrade of a path without sockets': (random) => upgrade([KEY, VERSION], `GET /sockets/none-${random.word()}`),
  'headers that are too long': (random) =>
    head('GET /typed/search/special', [`X-Long: ${'a'.repeat(random.between(70_000, 200_000))}`]),
};

/** A malformed request. */
export function makeMalformed(seed) {
  const random = new Draw(seed);
  const kind = random.pick(Object.keys(KINDS));
  return { kind, text: KINDS[kind](random) };
}

/** Valid JSON or a valid form that is cut, before the line break at its end. */
function broken(random, text) {
  return text.slice(0, random.between(1, text.length - 3));
}
