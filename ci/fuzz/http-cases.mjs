// Makes conversations on one connection from a seed: several requests one after the other, cut into pieces.
import { random } from '../sim/random.mjs';

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
const ANSWERS = [
  'text',
  'json',
  'bytes',
  'nothing',
  'empty',
  'made',
  'notModified',
  'reset',
  'stream',
  'generator',
  'lines',
  'noItems',
  'throws',
  'throwsResponse',
  'echo',
  'echo',
  'echo',
  'pieces',
];
/** These answers end the connection, so they can only be the last. */
const LAST_ANSWERS = [...ANSWERS, 'large', 'breaks'];
const HEADERS = [
  'Accept: */*',
  'accept:text/plain',
  'X-Empty:',
  'X-Blanks: \t a  b \t',
  'Cookie: a=1',
  'Cookie: b=2',
  'User-Agent: fuzz/1.0',
  'X-Name!#$%&*+-.^_`|~: 1',
  'X-Latin: \xe4\xf6',
  'Connection: keep-alive',
  'If-None-Match: "1"',
  'TE: trailers',
  'Pragma: no-cache',
];
const BODY = 'abcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\nGET / HTTP/1.1\r\n';

/** The last request of a conversation. The server closes after it. */
export const LAST = 'GET /text/last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/**
 * @returns {{ requests: { method: string, text: string }[], broken: string | null, pieces: string[] }} `requests` are well formed, the last one closes;
 * with `broken`, which may be well formed too, none of them closes
 */
export function makeCase(seed) {
  const draw = random(seed);
  const below = (n) => Math.floor(draw() * n);
  const pick = (list) => list[below(list.length)];
  const isBroken = draw() < 0.35;
  const count = isBroken ? below(4) : 1 + below(6);
  const requests = Array.from({ length: count }, (_, i) =>
    makeRequest({ draw, below, pick, isFirst: i === 0, isLast: !isBroken && i === count - 1 }),
  );
  const broken = isBroken
    ? breakRequest(makeRequest({ draw, below, pick, isFirst: count === 0, isLast: false }).text, { below, pick })
    : null;
  const bytes = requests.map(({ text }) => text).join('') + (broken ?? '');
  return { requests, broken, pieces: cut(bytes, requests, { draw, below }) };
}

function makeRequest({ draw, below, pick, isFirst, isLast }) {
  const method = pick(METHODS);
  const query = draw() < 0.2 ? '?a=1&b=%20&a=2' : '';
  const target = `/${pick(isLast ? LAST_ANSWERS : ANSWERS)}${pick(['', '', '/x', '/a%2Fb', '/.-_~!$&()*+,;=:@'])}${query}`;
  // HTTP/1.0 has neither chunks nor expectations.
  const isOld = isLast && draw() < 0.1;
  const { lines, body } = isOld ? { lines: [], body: '' } : makeBody({ draw, below, pick, isFirst });
  const headers = ['Host: localhost', ...lines];
  for (let n = below(4); n > 0; n -= 1) {
    const header = pick(HEADERS);
    if (!headers.includes(header)) headers.push(header);
  }
  const all = isLast ? [...headers.filter((line) => line !== 'Connection: keep-alive'), 'Connection: close'] : headers;
  if (draw() < 0.5) all.reverse();
  return { method, text: `${method} ${target} HTTP/1.${isOld ? 0 : 1}\r\n${all.join('\r\n')}\r\n\r\n${body}` };
}

function makeBody({ draw, below, pick, isFirst }) {
  const kind = draw();
  if (kind < 0.4) return { lines: [], body: '' };
  const text = BODY.repeat(2).slice(0, below(60));
  if (kind < 0.75) {
    const lines = [`${pick(['Content-Length', 'content-length'])}: ${text.length}`];
    // After other requests, Node writes 100 Continue between head and body of the answer, so it cannot be an oracle.
    if (isFirst && draw() < 0.2 && text !== '') lines.push('Expect: 100-continue');
    return { lines, body: text };
  }
  const pieces = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + below(20);
    const piece = text.slice(at, at + size);
    pieces.push(`${'0'.repeat(below(3))}${piece.length.toString(16)}${pick(['', '', ';ext=1'])}\r\n${piece}\r\n`);
    at += size;
  }
  return { lines: ['Transfer-Encoding: chunked'], body: `${pieces.join('')}0\r\n${pick(['', '', 'X-Trailer: 1\r\n'])}\r\n` };
}

const MUTATIONS = [
  (text, { below }) => remove(text, below(text.length)),
  (text, { below }) => insert(text, below(text.length), String.fromCharCode(below(256))),
  (text, { below }) => replace(text, below(text.length), String.fromCharCode(below(256))),
  (text, { below, pick }) =>
    insert(text, below(text.length), pick(['\r\n', '\n', '\r', '\0', ' ', '\t', ':', '\r\n\r\n', '\x7f', '\xff'])),
  (text) => text.replace('\r\n', '\n'),
  (text) => text.replaceAll('\r\n', '\n'),
  (text) => text.replace('HTTP/1.1', 'HTTP/2.0'),
  (text) => text.replace('HTTP/1.1', 'HTTP/1.2'),
  (text) => text.replace(' HTTP/1.1', ''),
  (text) => text.replace('HTTP/1.1', 'http/1.1'),
  (text) => text.replace(/^[A-Z]+/, (method) => method.toLowerCase()),
  (text) => text.replace(/^[A-Z]+/, 'OWN'),
  (text) => text.replace(/^([A-Z]+) /, '$1  '),
  (text) => text.replace(' /', ' '),
  (text) => text.replace(' /', ' http://localhost/'),
  (text) => text.replace(' /', ' //'),
  (text) => text.replace(/ \/\S* /, ' * '),
  (text) => text.replace(/Host: localhost\r\n/, ''),
  (text) => text.replace(/Host: localhost/, 'Host: localhost\r\nHost: localhost'),
  (text) => text.replace('Host:', 'Host :'),
  (text) => text.replace('Host: ', 'Host: a\r\n b'),
  (text) => header(text, 'Content-Length: 3'),
  (text) => header(text, 'Content-Length: -1'),
  (text) => header(text, 'Content-Length: +5'),
  (text) => header(text, 'Content-Length: 5, 5'),
  (text) => header(text, 'Content-Length: 0x5'),
  (text) => header(text, 'Content-Length: 99999999999999999999'),
  (text) => header(text, 'Content-Length:'),
  (text) => header(text, 'Transfer-Encoding: chunked'),
  (text) => header(text, 'Transfer-Encoding: gzip, chunked'),
  (text) => header(text, 'Transfer-Encoding: chunked, gzip'),
  (text) => header(text, 'Transfer-Encoding: identity'),
  (text) => header(text, 'Transfer-Encoding : chunked'),
  (text) => header(text, 'Transfer-Encoding:\x0bchunked'),
  (text) => header(text, 'Upgrade: websocket\r\nConnection: Upgrade'),
  (text) => header(text, 'Expect: 200-maybe'),
  (text) => header(text, ': nameless'),
  (text) => header(text, 'no colon'),
  (text) => header(text, ' folded: 1'),
  (text) => header(text, 'X-A: 1\r\n\tfolded'),
  (text) => header(text, `X-Long: ${'l'.repeat(17_000)}`),
  (text) => header(text, 'Connection: close, keep-alive'),
  (text) => header(text, 'X-Nul: a\0b'),
  (text, { below }) => text.slice(0, below(text.length)),
];

const remove = (text, at) => text.slice(0, at) + text.slice(at + 1);
const insert = (text, at, more) => text.slice(0, at) + more + text.slice(at);
const replace = (text, at, other) => text.slice(0, at) + other + text.slice(at + 1);
const header = (text, line) => text.replace('\r\n', `\r\n${line}\r\n`);

function breakRequest(text, draws) {
  let broken = text;
  for (let n = 1 + draws.below(2); n > 0; n -= 1) broken = draws.pick(MUTATIONS)(broken, draws);
  return broken;
}

/** Cuts the bytes: in one piece, by requests, byte by byte, in two pieces, or in several at any places. */
function cut(bytes, requests, { draw, below }) {
  const way = draw();
  if (way < 0.25) return [bytes];
  if (way < 0.4)
    return [...requests.map(({ text }) => text), bytes.slice(requests.reduce((sum, { text }) => sum + text.length, 0))].filter(
      (piece) => piece !== '',
    );
  if (way < 0.5 && bytes.length < 700) return [...bytes];
  const places = Array.from({ length: way < 0.8 ? 1 : 1 + below(8) }, () => below(bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.slice(from, places[i] ?? bytes.length)).filter((piece) => piece !== '');
}
