import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import * as zlib from 'node:zlib';
import { DataPlane } from '../fixtures/data-plane.js';
import { errorOf, open, responseOf, send } from '../fixtures/http-client.js';

const TEXT = 'compressed upstream, '.repeat(400);

/** The answers of the upstream, by path. */
const UPSTREAM: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  gzip: encoded('gzip', zlib.gzipSync),
  xgzip: encoded('X-GZIP', zlib.gzipSync),
  deflate: encoded('deflate', zlib.deflateSync),
  br: encoded('br', zlib.brotliCompressSync),
  two: encoded('gzip, br', (text) => zlib.brotliCompressSync(zlib.gzipSync(text))),
  unknown: encoded('gzip, rot13', (text) => Buffer.from(text)),
  plain: (_, response) => response.writeHead(200, { 'content-length': TEXT.length, etag: '"1"' }).end(TEXT),
  slow: (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    const bytes = zlib.gzipSync(TEXT);
    response.write(bytes.subarray(0, 20));
    setTimeout(() => response.end(bytes.subarray(20)), 50);
  },
  hop: (_, response) =>
    response
      .writeHead(200, {
        connection: 'x-own, close',
        'x-own': '1',
        'keep-alive': 'timeout=1',
        te: 'x',
        trailer: 'x-t',
        upgrade: 'h2c',
      })
      .end(TEXT),
  part: (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-3/9', 'content-length': 4 }).end('abcd'),
  encodedPart: (_, response) => {
    const bytes = zlib.gzipSync(TEXT);
    response.writeHead(206, { 'content-encoding': 'gzip', 'content-range': `bytes 0-19/${bytes.length}`, 'content-length': 20 });
    response.end(bytes.subarray(0, 20));
  },
  notModified: (_, response) => response.writeHead(304, { etag: '"1"', 'content-encoding': 'gzip' }).end(),
  empty: (_, response) => response.writeHead(204).end(),
  short: (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    setTimeout(() => response.destroy(), 30);
  },
};

function encoded(coding: string, encode: (text: string) => Buffer) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const bytes = encode(TEXT);
    response.writeHead(200, {
      'content-encoding': coding,
      'content-length': bytes.length,
      'content-type': 'text/plain',
      'content-md5': 'x',
      etag: '"1"',
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  };
}

const SOURCE = `
const { gzipSync } = require('node:zlib');
const { once } = require('node:events');
const url = (request) => { const u = new URL(request.url); return process.env.NBS_UPSTREAM + u.pathname + u.search; };
const ways = {
  direct: async (request, up) => await fetch(up),
  request: async (request, up) => await fetch(new Request(up, { method: request.method })),
  wrapped: async (request, up) => { const r = await fetch(up); return new Response(r.body, { status: r.status, headers: r.headers }); },
  init: async (request, up) => { const r = await fetch(up); return new Response(r.body, r); },
  text: async (request, up) => { const r = await fetch(up); return new Response(await r.text(), { headers: r.headers }); },
  clone: async (request, up) => { const r = await fetch(up); const c = r.clone(); await r.text(); return c.clone(); },
  piped: async (request, up) => { const r = await fetch(up); return new Response(r.body.pipeThrough(new TransformStream()), { headers: r.headers }); },
  same: async (request, up) => { const r = await fetch(up); return { real: r instanceof Response, url: r.url === up, type: r.type, ok: r.ok, encoding: r.headers.get('content-encoding') }; },
  foreign: async (request, up) => {
    const r = await fetch(up);
    const headers = new Headers(r.headers);
    headers.set('content-encoding', 'gzip');
    headers.set('content-length', '7');
    return Object.assign(new (class Response {})(), { status: 200, url: r.url, headers, body: r.body, arrayBuffer: () => r.arrayBuffer() });
  },
  thrown: async (request, up) => { throw await ways.foreign(request, up); },
};
const made = {
  gzip: () => new Response(gzipSync('by hand'), { headers: { 'content-encoding': 'gzip' } }),
  gzipStream: () => new Response(new Blob([gzipSync('by hand')]).stream(), { headers: { 'content-encoding': 'gzip' } }),
  compressed: () => new Response(new Blob(['by hand']).stream().pipeThrough(new CompressionStream('gzip')), { headers: { 'content-encoding': 'gzip' } }),
  emptyEncoded: () => new Response(null, { headers: { 'content-encoding': 'gzip' } }),
  long: () => new Response('abcdef', { headers: { 'content-length': '3' } }),
  noContentLength: () => new Response(null, { status: 204, headers: { 'content-length': '5' } }),
  streamLong: () => streamed(['abc', 'def', 'ghi'], 4),
  streamLongAtOnce: () => streamed(['abcdef'], 4),
  streamShort: () => streamed(['abc', 'def'], 10),
  streamExact: () => streamed(['abc', 'def'], 6),
  streamText: () => new Response({ async *[Symbol.asyncIterator]() { yield 'text'; } }),
  bareStreamText: () => new Response(new ReadableStream({ start(c) { c.enqueue('text'); c.close(); } })),
  part: () => new Response('abc', { status: 206 }),
};
function streamed(pieces, length) {
  const body = new ReadableStream({
    async pull(c) {
      const piece = pieces.shift();
      if (piece === undefined) return c.close();
      await new Promise((r) => setTimeout(r, 20));
      c.enqueue(Buffer.from(piece));
      if (pieces.length > 0) await new Promise((r) => setTimeout(r, 20));
    },
  });
  return new Response(body, { headers: { 'content-length': String(length) } });
}
exports.default = class Passing {
  fetch(request) {
    const [, first, second] = new URL(request.url).pathname.split('/');
    return first === 'made' ? made[second]() : ways[first](request, process.env.NBS_UPSTREAM + '/' + second);
  }
};`;

suite('answers that are passed on', () => {
  let plane: DataPlane;
  let upstream: Server;
  before(async () => {
    upstream = createServer((request, response) => UPSTREAM[(request.url ?? '').slice(1)]?.(request, response));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    process.env.NBS_UPSTREAM = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    plane = await DataPlane.open();
    await plane.deploy(SOURCE);
  });
  after(async () => {
    await plane?.stop();
    upstream.closeAllConnections();
    upstream.close();
    delete process.env.NBS_UPSTREAM;
  });
  const get = (path: string, options = {}) => send(`${plane.url}/${path}`, options);
  const raw = async (path: string) => {
    const response = await responseOf(open(`${plane.url}/${path}`).end());
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { response, bytes: Buffer.concat(chunks) };
  };
  const logged = async (pattern: RegExp): Promise<void> => {
    while (!plane.output.some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  for (const way of ['direct', 'request', 'wrapped', 'init', 'text', 'clone', 'piped']) {
    test(`a compressed upstream arrives whole, ${way}`, async () => {
      for (const coding of ['gzip', 'xgzip', 'deflate', 'br', 'two', 'slow', 'plain']) {
        const { status, headers, text } = await get(`${way}/${coding}`);
        assert.deepEqual([coding, status, text === TEXT], [coding, 200, true]);
        assert.equal(headers['content-encoding'], undefined, coding);
        assert.equal(headers['content-md5'], undefined, coding);
        if (headers['content-length'] !== undefined) assert.equal(headers['content-length'], String(TEXT.length), coding);
        if (coding !== 'slow') assert.equal(headers.etag, '"1"', coding);
      }
    });
  }

  test('what fetch does not decode keeps its coding and length', async () => {
    const { status, headers, text } = await get('direct/unknown');
    assert.deepEqual([status, headers['content-encoding'], text], [200, 'gzip, rot13', TEXT]);
  });

  test('what fetch gives is a Response with its url', async () => {
    assert.deepEqual(JSON.parse((await get('same/gzip')).text), {
      real: true,
      url: true,
      type: 'basic',
      ok: true,
      encoding: null,
    });
  });

  test('a Response of another fetch is sent without the headers of what that decoded', async () => {
    for (const way of ['foreign', 'thrown']) {
      const { headers, text } = await get(`${way}/gzip`);
      assert.deepEqual([headers['content-encoding'], text === TEXT], [undefined, true], way);
    }
  });

  test('HEAD, 304, 204 and parts are passed on as they are', async () => {
    const head = await get('request/gzip', { method: 'HEAD' });
    const length = String(zlib.gzipSync(TEXT).length);
    assert.deepEqual([head.status, head.headers['content-encoding'], head.headers['content-length']], [200, 'gzip', length]);
    const { status, headers, text } = await get('direct/notModified');
    assert.deepEqual([status, headers.etag, text], [304, '"1"', '']);
    assert.equal((await get('direct/empty')).status, 204);
    const part = await get('direct/part');
    assert.deepEqual([part.status, part.headers['content-range'], part.text], [206, 'bytes 0-3/9', 'abcd']);
    for (const way of ['direct', 'wrapped']) {
      const broken = await get(`${way}/encodedPart`);
      assert.deepEqual([broken.status, errorOf(broken).code], [500, 'NBS_INVALID_RESPONSE'], way);
    }
    await logged(/app\/Main: .*accept-encoding: identity/);
  });

  test('headers of the connection to the upstream are not passed on', async () => {
    const { headers } = await get('direct/hop');
    for (const name of ['x-own', 'te', 'trailer', 'upgrade']) assert.equal(headers[name], undefined, name);
    assert.notEqual(headers['keep-alive'], 'timeout=1');
    assert.notEqual(headers.connection, 'x-own, close');
  });

  test('a body that user code compressed keeps what user code says of it', async () => {
    for (const shape of ['gzip', 'gzipStream', 'compressed']) {
      const { response, bytes } = await raw(`made/${shape}`);
      assert.equal(response.headers['content-encoding'], 'gzip', shape);
      assert.equal(zlib.gunzipSync(bytes).toString(), 'by hand', shape);
    }
    const { response } = await raw('made/emptyEncoded');
    assert.deepEqual([response.headers['content-encoding'], response.headers['content-length']], [undefined, '0']);
  });

  test('a wrong content-length is put right if the body is there, and else the answer is cut off and told of', async () => {
    const { headers, text } = await get('made/long');
    assert.deepEqual([headers['content-length'], text], ['6', 'abcdef']);
    assert.equal((await get('made/noContentLength')).headers['content-length'], undefined);
    assert.equal((await get('made/streamExact')).text, 'abcdef');
    await assert.rejects(get('made/streamLong'));
    await logged(
      /GET \/made\/streamLong failed \(request \S+\): .*app\/Main: .*content-length is 4 and its body has 6 or more bytes/,
    );
    await assert.rejects(get('made/streamShort'));
    await logged(/GET \/made\/streamShort failed \(request \S+\): .*app\/Main: .*content-length is 10 and its body has 6 bytes/);
    await assert.rejects(get('made/streamLongAtOnce'));
    await assert.rejects(get('direct/short'));
    await logged(/GET \/direct\/short failed/);
    assert.equal((await get('made/streamExact')).text, 'abcdef');
  });

  test('a body of anything but bytes, and a part without its range, are coded errors', async () => {
    for (const shape of ['bareStreamText', 'part']) {
      const answer = await get(`made/${shape}`);
      assert.deepEqual([answer.status, errorOf(answer).code], [500, 'NBS_INVALID_RESPONSE'], shape);
    }
  });
});
