import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { ANSWER_NAMES, ANSWERS_SOURCE, ERROR_NAMES, Oracle } from '../fixtures/http-oracle.js';
import { type ReadAnswer, type ReadAnswers, readAnswers } from '../fixtures/http-reader.js';
import { sendRaw } from '../fixtures/raw-http.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'OWN'];

interface Framing {
  readonly headers: string;
  readonly body: string;
  readonly version?: string;
}

const chunked = (...pieces: readonly string[]): string =>
  `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n`;

const FRAMINGS: Readonly<Record<string, Framing>> = {
  none: { headers: '', body: '' },
  'no bytes': { headers: 'Content-Length: 0\r\n', body: '' },
  'a length': { headers: 'Content-Length: 5\r\n', body: 'hello' },
  chunks: { headers: 'Transfer-Encoding: chunked\r\n', body: `${chunked('hel', 'lo')}\r\n` },
  'no chunks': { headers: 'Transfer-Encoding: chunked\r\n', body: `${chunked()}\r\n` },
  'chunks with trailers': {
    headers: 'Transfer-Encoding: chunked\r\nTrailer: x-t\r\n',
    body: `${chunked('hello')}x-t: 1\r\n\r\n`,
  },
  'an expectation': { headers: 'Expect: 100-continue\r\nContent-Length: 5\r\n', body: 'hello' },
  'HTTP/1.0': { headers: 'Content-Length: 5\r\n', body: 'hello', version: 'HTTP/1.0' },
};

const LARGE = 'y'.repeat(300_000);
const LARGER = 'z'.repeat(1_200_000);
/** Bodies that are too large to be read in one piece, and too large to be kept and sent again. */
const LARGE_FRAMINGS: Readonly<Record<string, Framing>> = {
  '300 kB': { headers: `Content-Length: ${LARGE.length}\r\n`, body: LARGE },
  '1.2 MB': { headers: `Content-Length: ${LARGER.length}\r\n`, body: LARGER },
  '1.2 MB in chunks': { headers: 'Transfer-Encoding: chunked\r\n', body: `${chunked(LARGE, LARGE, LARGE, LARGE)}\r\n` },
};

const LAST = 'GET /text/last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

suite('every method with every body and every answer', () => {
  let plane: DataPlane;
  let oracle: Oracle;
  before(async () => {
    oracle = await Oracle.start();
    plane = await DataPlane.open();
    await plane.deploy(ANSWERS_SOURCE);
  });
  after(async () => {
    oracle?.stop();
    await plane?.stop();
  });

  /** Compares the answers of the proxy and of Node's server. If the connection is kept, a second request follows. */
  async function compare(
    method: string,
    name: string,
    { headers, body, version = 'HTTP/1.1' }: Framing,
    keep: boolean,
  ): Promise<void> {
    // HTTP/1.0 closes the connection unless the client asks to keep it.
    const connection = keep === (version === 'HTTP/1.1') ? '' : `Connection: ${keep ? 'keep-alive' : 'close'}\r\n`;
    const first = `${method} /${name} ${version}\r\nHost: localhost\r\n${connection}${headers}\r\n${body}`;
    const bytes = keep ? first + LAST : first;
    const methods = [method, 'GET'];
    const [ours, theirs] = await Promise.all([sendRaw(plane.url, bytes), sendRaw(oracle.url, bytes)]);
    const [read, right] = [readAnswers(ours, methods), readAnswers(theirs, methods)];
    assert.deepEqual(
      shown(read, name),
      shown(right, name),
      `${method} /${name} ${keep ? 'kept' : 'closed'}\n${first.slice(0, 200)}\n${ours.slice(0, 600)}`,
    );
  }

  for (const [framing, how] of Object.entries(FRAMINGS)) {
    test(`with ${framing}`, async () => {
      for (const method of METHODS) {
        for (const name of ANSWER_NAMES) {
          // Whether HTTP/1.0 keeps a connection depends on whether a length is given, which is optional for HEAD and streams.
          const keep = how.version === undefined || ['text', 'json', 'echo', 'nothing', 'made'].includes(name);
          await Promise.all([false, ...(keep ? [true] : [])].map((kept) => compare(method, name, how, kept)));
        }
      }
    });
  }

  for (const [framing, how] of Object.entries(LARGE_FRAMINGS)) {
    test(`with ${framing}`, async () => {
      for (const method of METHODS) {
        for (const name of ['echo', 'pieces', 'text', 'nothing', 'lines']) await compare(method, name, how, true);
      }
    });
  }

  test('CONNECT is no request for a deployment', async () => {
    const connect = 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n';
    assert.match(await sendRaw(plane.url, connect), /^HTTP\/1\.1 400 [\s\S]*NBS_MALFORMED_REQUEST/);
    // Node's own server closes the connection without a word.
    assert.equal(await sendRaw(oracle.url, connect), '');
  });

  test('a generator that answers HEAD has ended', async () => {
    const ended = async (): Promise<number> => Number((await send(`${plane.url}/ended`)).text);
    const before = await ended();
    const { status, headers } = await send(`${plane.url}/endless`, { method: 'HEAD' });
    assert.deepEqual([status, headers['content-type']], [200, 'application/x-ndjson']);
    while ((await ended()) === before) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

const STREAMS: ReadonlySet<string> = new Set(['stream', 'generator', 'lines', 'breaks', 'endless', 'noItems']);

/** What must be the same in both. */
function shown({ answers, rest }: ReadAnswers, name: string): unknown {
  return { answers: answers.map((answer) => shownAnswer(answer, name)), rest };
}

function shownAnswer({ status, headers, body, framing, complete, interim }: ReadAnswer, name: string): unknown {
  const isError = ERROR_NAMES.has(name) || status === 400;
  // Pieces of the same turn are joined. So a short stream may be sent in one piece, with its length.
  const isStream = STREAMS.has(name);
  return {
    status,
    interim,
    complete,
    ...(isError
      ? {}
      : {
          framing: isStream ? 'as it comes' : framing,
          body,
          type: headers.get('content-type'),
          own: headers.get('x-own'),
          etag: headers.get('etag'),
        }),
    connection: headers.get('connection'),
  };
}
