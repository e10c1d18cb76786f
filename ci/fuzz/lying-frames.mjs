// Makes the frames of peers that lie: frames in any order, with fields of any kind.
const Type = { REQUEST: 1, STARTED: 2, RESPONSE: 3, DATA: 4, WINDOW: 5, CANCEL: 6, ERROR: 7, NOTIFY: 8 };
const END = 1;
const MORE = 2;

/** A complete answer, at a place at which it must not be read as one. */
const INJECTED = 'HTTP/1.1 200 OK\r\nx-injected: 1\r\ncontent-length: 8\r\n\r\ninjected';
const ODD = [
  null,
  undefined,
  true,
  '',
  'x',
  [],
  {},
  -1,
  0,
  0.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  '200',
  '503\r\n',
  '200 OK\r\nx-injected: 1',
  '\u0100',
  '__proto__',
  '\0',
];
const NAMES = [
  'x-a',
  'X-A',
  'content-length',
  'Content-Length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'trailer',
  'upgrade',
  'date',
  'set-cookie',
  'content-type',
  '__proto__',
  'x-request-id',
  '',
  ' x',
  'x ',
  'x:',
  'x\r\nx-injected: 1\r\ny',
  '\u00e9',
  '\u0100',
  'a'.repeat(9000),
];
const VALUES = [
  '1',
  '3',
  '+3',
  '3, 3',
  '-1',
  '0x3',
  '1e3',
  '99999999999999999999',
  'chunked',
  'close',
  'keep-alive',
  'a\r\nx-injected: 1',
  'a\nb',
  'a\rb',
  '\0',
  '\u0100',
  '\x7f',
  '\x80',
  ' ',
  '',
  INJECTED,
  'b'.repeat(20_000),
];
const BODIES = ['', 'abc', INJECTED, `0\r\n\r\n${INJECTED}`, 'x'.repeat(5000), 'y'.repeat(65_000), '\xff\xfe\0'];
const CODES = [
  'NBS_REPLICA_BUSY',
  'NBS_REPLICA_DRAINING',
  'NBS_PEER_GONE',
  'NBS_PROTOCOL',
  'NBS_USER_ERROR',
  'NBS_NO_ROUTE',
  'NBS_CANCELLED',
  'NBS_REQUEST_TIMEOUT',
  'ECONNRESET',
  '',
  'nbs\r\nx-injected: 1',
];

export class LyingFrames {
  #draw;

  /** @param {() => number} draw numbers in [0, 1) */
  constructor(draw) {
    this.#draw = draw;
  }

  /** The frames, or parts of them, of a replica's answer to a request. */
  answerTo(stream) {
    const frames = this.#maybe(0.7) ? [frame(Type.STARTED, 0, stream)] : [];
    const count = 1 + this.#below(5);
    for (let i = 0; i < count; i += 1) frames.push(this.#answering(stream));
    return this.#cut(frames);
  }

  /** Ends an open call in one of the allowed ways. */
  end(stream) {
    return frame(Type.ERROR, 0, stream, JSON.stringify({ name: 'Error', message: 'the end' }));
  }

  /** The frames of a caller with the token. */
  asCaller() {
    const count = 1 + this.#below(6);
    return this.#cut(Array.from({ length: count }, () => this.#calling(1 + 2 * this.#below(3))));
  }

  /** The bytes of a stranger without the token. */
  asStranger() {
    const magic = Buffer.from('nbserve\x01', 'latin1');
    const bytes = this.#pick([
      () => this.#noise(1 + this.#below(200)),
      () => Buffer.concat([magic, this.#noise(this.#below(300))]),
      () => Buffer.concat([magic, this.#noise(32)]),
      () => this.#calling(1),
      () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      () => Buffer.alloc(70_000, 0xff),
    ])();
    return this.#cut([bytes, this.#noise(this.#below(100))]);
  }

  #answering(stream) {
    const end = this.#maybe(0.5) ? END : 0;
    return this.#pick([
      () => frame(Type.RESPONSE, end, stream, JSON.stringify(this.#responseHead()), this.#pick(BODIES)),
      () =>
        frame(
          Type.RESPONSE,
          end,
          stream,
          JSON.stringify({ kind: 'http', status: 200, headers: ['content-length', '3'] }),
          this.#pick(BODIES),
        ),
      () => frame(Type.RESPONSE, end, stream, JSON.stringify({ kind: 'http', status: 200, headers: [] }), this.#pick(BODIES)),
      () => frame(Type.DATA, end, stream, '', this.#pick(BODIES)),
      () => frame(Type.DATA, END, stream),
      () => frame(Type.STARTED, 0, stream),
      () => frame(Type.ERROR, this.#maybe(0.1) ? MORE : 0, stream, JSON.stringify(this.#error())),
      () => this.#window(stream),
      () =>
        frame(
          Type.NOTIFY,
          this.#maybe(0.1) ? MORE : 0,
          0,
          JSON.stringify(
            this.#pick([
              ...ODD,
              { kind: 'feed', topic: 'routes', version: 9, value: null },
              { kind: 'event' },
              { kind: 'log' },
            ]) ?? null,
          ),
        ),
      () => this.#calling(2 * (1 + this.#below(3))),
      // The stream of a call that does not exist, or of another caller.
      () =>
        frame(
          Type.RESPONSE,
          END,
          stream + 2 * (1 + this.#below(50)),
          JSON.stringify({ kind: 'http', status: 200, headers: ['x-other', '1'] }),
          'other',
        ),
      () => (this.#maybe(0.15) ? this.#broken(stream) : frame(Type.DATA, 0, stream, '', 'abc')),
    ])();
  }

  #calling(stream) {
    return this.#pick([
      () => frame(Type.REQUEST, this.#maybe(0.5) ? END : 0, stream, JSON.stringify(this.#callHead()), this.#pick(BODIES)),
      () => frame(Type.DATA, this.#maybe(0.5) ? END : 0, stream, '', this.#pick(BODIES)),
      () => frame(Type.CANCEL, 0, stream, this.#pick(['', 'left', 'x'.repeat(3000)])),
      () => this.#window(stream),
      () => frame(Type.NOTIFY, 0, 0, JSON.stringify(this.#pick(ODD) ?? null)),
      () => this.#broken(stream),
    ])();
  }

  #responseHead() {
    if (this.#maybe(0.1)) return this.#pick(ODD) ?? null;
    const headers = Array.from({ length: this.#below(4) }, () => [
      this.#pick(NAMES),
      this.#maybe(0.1) ? this.#pick(ODD) : this.#pick(VALUES),
    ]).flat();
    if (this.#maybe(0.05)) headers.pop();
    return {
      kind: this.#maybe(0.1) ? this.#pick(['value', 'items', 'grpc', ...ODD]) : 'http',
      status: this.#maybe(0.3) ? this.#pick([...ODD, 99, 100, 101, 103, 199, 204, 205, 304, 599, 600, 999, 1000]) : 200,
      headers: this.#maybe(0.1) ? this.#pick(ODD) : headers,
      queue: this.#maybe(0.3) ? this.#pick(ODD) : 1,
      metadata: this.#maybe(0.2) ? this.#pick([...ODD, headers]) : undefined,
      error: this.#maybe(0.2) ? this.#error() : undefined,
    };
  }

  #callHead() {
    const odd = (value) => (this.#maybe(0.15) ? this.#pick(ODD) : value);
    if (this.#maybe(0.1)) return this.#pick(ODD) ?? null;
    return {
      kind: odd(this.#pick(['http', 'method', 'control'])),
      op: odd('status'),
      method: odd('GET'),
      url: odd('/x'),
      headers: odd(['a', 'b']),
      host: odd('h'),
      prefix: odd('/'),
      requestId: odd('r'),
      length: this.#maybe(0.3) ? this.#pick([...ODD, 3, 5000, 1e9]) : undefined,
      deadlineMs: this.#maybe(0.1) ? this.#pick(ODD) : undefined,
    };
  }

  #error() {
    if (this.#maybe(0.1)) return this.#pick(ODD) ?? null;
    const odd = (value) => (this.#maybe(0.2) ? this.#pick(ODD) : value);
    return {
      name: odd('Error'),
      message: odd('m'),
      stack: odd('at x'),
      code: odd(this.#pick(CODES)),
      status: this.#maybe(0.5) ? this.#pick([...ODD, 499, 503, 600]) : 503,
      details: odd({ ongoing: odd(1) }),
      cause: this.#maybe(0.2) ? this.#error() : undefined,
      saidStatus: this.#maybe(0.2) ? this.#pick(ODD) : undefined,
      expose: odd(false),
    };
  }

  #window(stream) {
    const bytes = Buffer.alloc(this.#maybe(0.05) ? 3 : 4);
    if (bytes.length === 4) bytes.writeUInt32LE(this.#pick([0, 1, 65_536, 2 ** 31, 2 ** 32 - 1]));
    return frame(Type.WINDOW, 0, stream, '', bytes);
  }

  /** Bytes after which no parser can continue. */
  #broken(stream) {
    return this.#pick([
      () => this.#noise(40),
      () => frame(this.#pick([0, 9, 99, 255]), 0, stream, 'abc'),
      () => frame(Type.RESPONSE, END, stream, '{no json'),
      () => frame(Type.RESPONSE, END, stream, '['.repeat(40_000)),
      () => Buffer.alloc(12, 0xff),
      () => frame(Type.REQUEST, 0, 0, '{}'),
    ])();
  }

  #noise(length) {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  /** The same bytes, cut elsewhere. */
  #cut(frames) {
    if (this.#maybe(0.6)) return [Buffer.concat(frames)];
    const all = Buffer.concat(frames);
    const at = this.#below(all.length + 1);
    return [all.subarray(0, at), all.subarray(at)].filter((part) => part.length > 0);
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

/**
 * @param {number} type
 * @param {number} flags
 * @param {number} stream
 * @param {string} [head]
 * @param {string | Buffer} [body]
 */
function frame(type, flags, stream, head = '', body = '') {
  const first = Buffer.from(head);
  const rest = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  // A head that does not fit is cut, so it is not JSON any more.
  const headBytes = first.subarray(0, 60_000);
  const bodyBytes = rest.subarray(0, 65_536 - headBytes.length);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(headBytes.length + bodyBytes.length, 0);
  header.set([type, flags], 4);
  header.writeUInt16LE(headBytes.length, 6);
  header.writeUInt32LE(stream >>> 0, 8);
  return Buffer.concat([header, headBytes, bodyBytes]);
}
