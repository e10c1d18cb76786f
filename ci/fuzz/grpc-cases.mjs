// Malformed gRPC: bytes that are no HTTP/2, frames that HTTP/2 forbids, and calls whose messages, metadata or framing are wrong.
import { random } from '../sim/random.mjs';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
};
const END_STREAM = 1;
const END_HEADERS = 4;
const COOK = '/kitchen.v1.Kitchen/Cook';
const PATHS = [
  COOK,
  '/kitchen.v1.Kitchen/Courses',
  '/kitchen.v1.Kitchen/Collect',
  '/kitchen.v1.Kitchen/Chat',
  '/kitchen.v1.Kitchen/Missing',
  '/nbserve.v1.Serve/Call',
  '/nbserve.v1.Serve/Stream',
  '/nbserve.v1.Serve/Exchange',
  '/nbserve.v1.Serve/ListApplications',
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];
const ODD_PATHS = [
  '/',
  '//',
  '/x',
  '/kitchen.v1.Kitchen',
  '/kitchen.v1.Kitchen/',
  '/kitchen.v1.Kitchen/Cook/x',
  '/__proto__/x',
  `/${'a'.repeat(5000)}/b`,
];
const ODD_TEXTS = [
  '',
  ' ',
  'x',
  '-1',
  '__proto__',
  'constructor',
  '../..',
  'a'.repeat(3000),
  '%00',
  '\u00e9',
  'application/grpc',
  '0',
  '99999999999S',
  '1x',
];
const ODD_METADATA = [
  'application',
  'request_id',
  'multiplexed_model_id',
  'nbserve-token',
  'x-a',
  'x-a-bin',
  'grpc-status',
  'grpc-tags-bin',
  'priority',
];

/**
 * @typedef {{ kind: 'raw', name: string, bytes: Buffer[] }} RawCase bytes for a connection
 * @typedef {{ kind: 'call', name: string, headers: Record<string, string>, body: Buffer[], end: boolean }} CallCase a request of HTTP/2
 */

/** @returns {RawCase | CallCase} the case of this seed */
export function makeCase(seed) {
  return /** @type {RawCase | CallCase} */ (new Maker(random(seed)).make());
}

const MAX_MESSAGE_BYTES = 4 * 2 ** 20;
/** RPCs that take one message; all others take a stream, which may be empty, and which a method need not read to its end. */
const ONE_MESSAGE = /\/(Cook|Courses|Call|Stream|ListApplications|Check)$/;

/**
 * The statuses that may answer a case. None of them is UNKNOWN, UNAVAILABLE or another one that blames the server, but INTERNAL: grpc-js gives it to a
 * timeout that is none, and to a message that is not compressed as it says.
 * @param {{ headers: Record<string, string>, body: Buffer[] }} one
 */
export function rightStatuses({ headers, body }) {
  const messages = messagesIn(Buffer.concat(body));
  const timeout = headers['grpc-timeout'];
  const path = headers[':path'];
  const isKnown = PATHS.includes(path) && !path.endsWith('/Missing');
  const [first] = messages;
  // grpc-js reads a message that claims to be compressed as it is, if no compression was announced.
  const isReadable = !ONE_MESSAGE.test(path) || first?.isWhole === true;
  const isCompressed = 'grpc-encoding' in headers && messages.some(({ flag }) => flag !== 0);
  const allowed = {
    0: isKnown && isReadable,
    3: true,
    4: timeout !== undefined,
    5: 'application' in headers || path.startsWith('/grpc.health'),
    8: messages.some(({ length }) => length > MAX_MESSAGE_BYTES),
    12: !isKnown || path.startsWith('/nbserve') || 'grpc-encoding' in headers,
    13: (timeout !== undefined && !/^\d{1,8}[HMSmun]$/.test(timeout)) || isCompressed,
    16: path === '/nbserve.v1.Serve/ListApplications',
  };
  return new Set(Object.entries(allowed).flatMap(([status, isRight]) => (isRight ? [Number(status)] : [])));
}

/** The messages in the bytes of a call, as a server reads them: the last may end early. */
function messagesIn(bytes) {
  const found = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    found.push({ flag: bytes[at], length, isWhole: at + 5 + length <= bytes.length });
    at += 5 + length;
  }
  return found;
}

class Maker {
  #draw;

  constructor(draw) {
    this.#draw = draw;
  }

  make() {
    return this.#maybe(0.4) ? this.#raw() : this.#call();
  }

  #raw() {
    const makers = {
      noise: () => [this.#noise(1 + this.#below(300))],
      'HTTP/1.1': () => [
        Buffer.from(`POST ${COOK} HTTP/1.1\r\nHost: x\r\ncontent-type: application/grpc\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0`),
      ],
      'half a preface': () => [PREFACE.subarray(0, this.#below(PREFACE.length))],
      'a wrong preface': () => {
        const wrong = Buffer.from(PREFACE);
        wrong[this.#below(wrong.length)] ^= 1 << this.#below(8);
        return [wrong, settings()];
      },
      'any frames': () => [PREFACE, settings(), ...this.#list(30, () => this.#anyFrame())],
      'many SETTINGS': () => [PREFACE, ...repeat(1000, settings())],
      'many PINGs': () => [PREFACE, settings(), ...repeat(1000, frame(Type.PING, 0, 0, Buffer.alloc(8)))],
      'many resets': () => [PREFACE, settings(), ...this.#resets(100 + this.#below(300))],
      'giant headers': () => [PREFACE, settings(), ...this.#giantHeaders(1 + this.#below(60))],
      'endless continuation': () => [
        PREFACE,
        settings(),
        frame(Type.HEADERS, END_STREAM, 1, headerBlock(callHeaders(COOK))),
        ...repeat(200, frame(Type.CONTINUATION, 0, 1, this.#maybe(0.5) ? Buffer.alloc(0) : Buffer.alloc(500, 0))),
      ],
      'a window that overflows': () => [PREFACE, settings(), ...repeat(3, windowUpdate(this.#pick([0, 1]), 2 ** 31 - 1))],
      'an empty window': () => [PREFACE, settings(), windowUpdate(0, 0)],
      'odd settings': () => [
        PREFACE,
        frame(Type.SETTINGS, 0, this.#below(2), Buffer.concat(this.#list(20, () => this.#setting()))),
      ],
      'data of no stream': () => [PREFACE, settings(), frame(Type.DATA, 0, this.#pick([0, 2, 7]), this.#noise(20))],
      'a push': () => [PREFACE, settings(), frame(Type.PUSH_PROMISE, END_HEADERS, 1, this.#noise(20))],
      'a cut frame': () => [
        PREFACE,
        settings(),
        frame(Type.HEADERS, END_HEADERS, 1, headerBlock(callHeaders(COOK))).subarray(0, -1 - this.#below(20)),
      ],
      'a broken header block': () => [
        PREFACE,
        settings(),
        frame(Type.HEADERS, END_HEADERS | END_STREAM, 1, this.#noise(1 + this.#below(80))),
      ],
      'a call that is left': () => [
        PREFACE,
        settings(),
        frame(Type.HEADERS, END_HEADERS, 1, headerBlock(callHeaders(this.#pick(PATHS)))),
        frame(Type.DATA, 0, 1, this.#message()),
      ],
    };
    const name = this.#pick(Object.keys(makers));
    return { kind: 'raw', name, bytes: makers[name]() };
  }

  #call() {
    const path = this.#maybe(0.9) ? this.#pick(PATHS) : this.#pick(ODD_PATHS);
    const headers = { ':method': this.#maybe(0.95) ? 'POST' : this.#pick(['GET', 'PUT', 'OPTIONS', 'X']), ':path': path };
    if (this.#maybe(0.95)) headers.te = 'trailers';
    const type = this.#maybe(0.92)
      ? 'application/grpc'
      : this.#pick(['application/grpc+json', 'text/plain', 'application/grpc-web', ...ODD_TEXTS]);
    if (this.#maybe(0.97)) headers['content-type'] = type;
    if (this.#maybe(0.2)) headers['grpc-timeout'] = this.#maybe(0.5) ? this.#pick(['1n', '10m', '1S']) : this.#pick(ODD_TEXTS);
    if (this.#maybe(0.15)) headers['grpc-encoding'] = this.#pick(['gzip', 'deflate', 'identity', 'br', ...ODD_TEXTS]);
    if (this.#maybe(0.1)) headers['grpc-accept-encoding'] = this.#pick(ODD_TEXTS);
    for (let i = this.#below(4); i > 0; i -= 1) headers[this.#pick(ODD_METADATA)] = this.#pick(ODD_TEXTS);
    for (const [name, value] of Object.entries(headers))
      if (/[^\x20-\x7e]/.test(value)) headers[name] = Buffer.from(value).toString('latin1');
    const body = this.#list(4, () => this.#message());
    const end = this.#maybe(0.9);
    return { kind: 'call', name: `${path.slice(0, 60)}`, headers, body, end };
  }

  /** The bytes of a message with its five bytes in front, or what is none. */
  #message() {
    const payload = this.#payload();
    const length = this.#maybe(0.8) ? payload.length : this.#pick([0, 1, payload.length + 1, 5 * 2 ** 20, 2 ** 31, 2 ** 32 - 1]);
    const head = Buffer.alloc(5);
    head[0] = this.#maybe(0.85) ? 0 : this.#pick([1, 2, 128, 255]);
    head.writeUInt32BE(length, 1);
    const whole = Buffer.concat([head, payload]);
    return this.#maybe(0.9) ? whole : whole.subarray(0, this.#below(whole.length + 1));
  }

  #payload() {
    return this.#pick([
      () => Buffer.alloc(0),
      () => this.#noise(this.#below(100)),
      // Field 1, a text that is not UTF-8.
      () => Buffer.concat([Buffer.from([10, 4]), Buffer.from([0xff, 0xfe, 0xc0, 0x80])]),
      // Field 1, which is longer than the message.
      () => Buffer.from([10, 127, 97]),
      // Field 1 with a length of 2^63.
      () => Buffer.from([10, 255, 255, 255, 255, 255, 255, 255, 255, 127]),
      // An endless varint, a group without an end, the field number 0.
      () => Buffer.alloc(40, 0xff),
      () => Buffer.alloc(2000, 0x0b),
      () => Buffer.from([0, 0, 0]),
      () => Buffer.concat([Buffer.from([10, 4]), Buffer.from('soup')]),
      // The generic service: a method that is none for strangers, JSON that is none.
      () => Buffer.concat([Buffer.from([10, 11]), Buffer.from('constructor')]),
      () => Buffer.concat([Buffer.from([10, 3]), Buffer.from('add'), Buffer.from([18, 3, 10, 1, 123])]),
      () => Buffer.concat([Buffer.from([10, 3]), Buffer.from('add'), Buffer.from([18, 4, 10, 2, 49, 49])]),
    ])();
  }

  #anyFrame() {
    const type = this.#maybe(0.9) ? this.#below(10) : this.#below(256);
    const size = this.#maybe(0.7) ? this.#pick([0, 4, 5, 6, 8]) : this.#below(40);
    return frame(type, this.#below(256), this.#pick([0, 1, 2, 3, 5, 2 ** 31 - 1]), this.#noise(size));
  }

  *#resets(count) {
    const block = headerBlock(callHeaders(this.#pick(PATHS)));
    for (let i = 0; i < count; i += 1) {
      yield frame(Type.HEADERS, END_HEADERS, 1 + 2 * i, block);
      yield frame(Type.RST_STREAM, 0, 1 + 2 * i, Buffer.from([0, 0, 0, 8]));
    }
  }

  #giantHeaders(parts) {
    const block = headerBlock([...callHeaders(COOK), ...repeat(parts, ['x-giant', 'g'.repeat(15_000)])]);
    const frames = [];
    for (let at = 0; at < block.length; at += 16_000) {
      const isLast = at + 16_000 >= block.length;
      frames.push(
        frame(at === 0 ? Type.HEADERS : Type.CONTINUATION, isLast ? END_HEADERS : 0, 1, block.subarray(at, at + 16_000)),
      );
    }
    return frames;
  }

  #setting() {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt16BE(this.#pick([0, 1, 2, 3, 4, 5, 6, 8, 99]));
    bytes.writeUInt32BE(this.#pick([0, 1, 2, 16_383, 16_384, 2 ** 24, 2 ** 31, 2 ** 32 - 1]), 2);
    return bytes;
  }

  #noise(length) {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #list(most, make) {
    return Array.from({ length: this.#below(most + 1) }, make);
  }

  #maybe(part) {
    return this.#draw() < part;
  }

  #below(count) {
    return Math.floor(this.#draw() * count);
  }

  #pick(choices) {
    return choices[this.#below(choices.length)];
  }
}

const repeat = (count, what) => new Array(count).fill(what);
const settings = () => frame(Type.SETTINGS, 0, 0, Buffer.alloc(0));

function windowUpdate(stream, bytes) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(Type.WINDOW_UPDATE, 0, stream, payload);
}

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** @returns {[string, string][]} */
function callHeaders(path) {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ];
}

/** HPACK, each field as a literal without an index (RFC 7541, section 6.2.2). */
function headerBlock(fields) {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value) {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
