import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { errorOf, open, responseOf, send } from '../fixtures/http-client.js';
import { until } from '../fixtures/wait.js';

const MIB = 1024 * 1024;
const BIG_MIB = 300;
/** Upper bound for the 1 MiB pieces that may remain in memory between two garbage collections. It is far below the whole body. */
const BOUND_MIB = 150;
const rssOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

const STREAMS = `
const seen = exports.seen = { aborted: 0, returned: 0 };
exports.default = class Streams {
  async *words() { try { for (const w of ['one ', 'two ', 'three']) yield w; } finally { seen.returned += 1; } }
  async *objects() { yield { n: 1 }; yield { n: 2 }; }
  async *endless(request) { request.signal.addEventListener('abort', () => { seen.aborted += 1; }); try { for (;;) { yield 'x'.repeat(1000); await new Promise((r) => setTimeout(r, 1)); } } finally { seen.returned += 1; } }
  async *late() { yield 'first'; throw new Error('in the middle'); }
  async *firstThrows() { throw new Error('at once'); }
  async fetch(request) {
    const path = new URL(request.url).pathname.slice(1);
    if (path === 'echo') return new Response(request.body, { headers: { 'content-type': 'application/x-own' } });
    if (path === 'size') { let size = 0; for await (const chunk of request.body) size += chunk.length; return { size }; }
    if (path === 'ignore') return 'not read';
    if (path === 'big') { let left = ${BIG_MIB}; return new Response(new ReadableStream({ pull(c) { if (left-- > 0) c.enqueue(new Uint8Array(${MIB})); else c.close(); } })); }
    if (path === 'seen') return seen;
    if (path === 'hang') { await new Promise((resolve) => request.signal.addEventListener('abort', resolve)); seen.aborted += 1; return 'late'; }
    if (path === 'quick') return 'quick';
    return this[path](request);
  }
  async *count(n) { for (let i = 0; i < n; i++) yield { i }; }
};`;

test('generators are streamed as text, JSON lines or events, and ended with the client', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(STREAMS);
  assert.equal((await send(`${plane.url}/words`)).text, 'one two three');
  const lines = await send(`${plane.url}/objects`);
  assert.deepEqual([lines.headers['content-type'], lines.text], ['application/x-ndjson', '{"n":1}\n{"n":2}\n']);
  const events = await send(`${plane.url}/objects`, { headers: { accept: 'text/event-stream' } });
  assert.deepEqual([events.headers['content-type'], events.text], ['text/event-stream', 'data: {"n":1}\n\ndata: {"n":2}\n\n']);

  assert.equal(errorOf(await send(`${plane.url}/firstThrows`, plane.trusted)).message, 'at once');
  await assert.rejects(send(`${plane.url}/late`), 'an answer that breaks off must not look complete');

  const sent = open(`${plane.url}/endless`);
  const pending = responseOf(sent);
  sent.end();
  const response = await pending;
  await once(response, 'data');
  sent.destroy();
  const seen = async (): Promise<{ aborted: number; returned: number }> => JSON.parse((await send(`${plane.url}/seen`)).text);
  await until(async () => (await seen()).returned === 2);
  assert.equal((await seen()).aborted, 1);
});

test('a body is echoed piece by piece in both directions at once', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(STREAMS);
  const sent = open(`${plane.url}/echo`, { method: 'POST' });
  const pending = responseOf(sent);
  sent.write('ping');
  const response = await pending;
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  assert.equal(String((await pieces.next()).value), 'ping');
  sent.end('pong');
  assert.equal(String((await pieces.next()).value), 'pong');
  assert.equal((await pieces.next()).done, true);
});

test('300 MiB up and down in bounded memory, and a slow reader holds nobody up', async (t) => {
  const plane = await DataPlane.start(t);
  const [replica] = await plane.deploy(STREAMS);
  await send(`${plane.url}/quick`);
  const pids = [plane.proxy.pid, replica?.run.pid ?? 0];
  const before = pids.map(rssOf);

  const up = open(`${plane.url}/size`, { method: 'POST', headers: { 'content-length': BIG_MIB * MIB } });
  const answered = responseOf(up);
  for (let i = 0; i < BIG_MIB; i += 1) if (!up.write(Buffer.alloc(MIB))) await once(up, 'drain');
  up.end();
  const chunks: Buffer[] = [];
  for await (const chunk of await answered) chunks.push(chunk as Buffer);
  assert.deepEqual(JSON.parse(Buffer.concat(chunks).toString()), { size: BIG_MIB * MIB });

  const down = open(`${plane.url}/big`);
  const pending = responseOf(down);
  down.end();
  const response = await pending;
  response.pause();
  // The reader has stopped, but other requests continue on the same connection.
  for (let i = 0; i < 20; i += 1) assert.equal((await send(`${plane.url}/quick`)).text, 'quick');
  let size = 0;
  for await (const chunk of response) size += (chunk as Buffer).length;
  assert.equal(size, BIG_MIB * MIB);
  const grown = pids.map((pid, i) => rssOf(pid) - (before[i] ?? 0));
  assert.ok(
    grown.every((bytes) => bytes < BOUND_MIB * MIB),
    `memory grew by ${grown.map((bytes) => Math.round(bytes / MIB))} MiB`,
  );

  // After an answer before the end of the upload, the connection is still usable.
  const ignored = await send(`${plane.url}/ignore`, { method: 'POST' }, Buffer.alloc(5 * MIB));
  assert.equal(ignored.text, 'not read');
});

test('a client that leaves, and a deadline, abort request.signal', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(STREAMS, { config: { requestTimeoutMs: 150 } });
  const late = await send(`${plane.url}/hang`);
  assert.equal(late.status, 504);
  assert.equal(errorOf(late).code, 'NBS_REQUEST_TIMEOUT');
  const seen = async (): Promise<number> => JSON.parse((await send(`${plane.url}/seen`)).text).aborted;
  await until(async () => (await seen()) === 1);
  const sent = open(`${plane.url}/hang`);
  sent.on('error', () => {});
  sent.end();
  await once(sent, 'finish');
  setTimeout(() => sent.destroy(), 30);
  await until(async () => (await seen()) === 2);
});
