import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitBody } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../protocol/index.js';
import { badBody } from './bad-body.js';
import { installRequest, LazyRequest } from './lazy-request.js';

installRequest();

function make(body: string | null, head: Partial<HttpCallHead> = {}): LazyRequest {
  const call = { body: body === null ? null : Buffer.from(body), streaming: false } as unknown as IncomingCall;
  return new LazyRequest(call, {
    kind: 'http',
    method: 'POST',
    url: '/a/b?x=1&x=2&y=%20',
    headers: ['Content-Type', 'application/json', 'x-two', 'a', 'x-two', 'b'],
    host: 'localhost:8000',
    prefix: '/a',
    requestId: 'id-1',
    ...head,
  });
}
const real = (lazy: LazyRequest): Request => lazy as unknown as Request;

test('it is a Request to instanceof, new Request, clone and its parts', async () => {
  const request = make('{"n":1}');
  assert.ok(request instanceof Request);
  const copy = request.clone();
  assert.ok(copy instanceof Request);
  const again = new Request(real(request), { method: 'PUT' });
  assert.deepEqual(
    [again.method, again.url, again.headers.get('x-two')],
    ['PUT', 'http://localhost:8000/a/b?x=1&x=2&y=%20', 'a, b'],
  );
  assert.deepEqual(await copy.json(), { n: 1 });
  assert.deepEqual(await again.json(), { n: 1 });
  assert.equal(real(request).mode, 'cors');
  assert.equal(real(request).redirect, 'follow');
});

test('what is wrong with the body is the error of the client in a copy too', async () => {
  const form = { headers: ['Content-Type', 'multipart/form-data; boundary=x'] };
  for (const read of [
    async () => new Request(real(make('{')), { method: 'PUT' }).json(),
    async () => new Request(real(make('{', form))).formData(),
    async () => make('{', form).clone().formData(),
    async () => new Request(real(make('{'))).clone().json(),
    async () => new Request(real(make('{'))).clone().clone().json(),
    async () => new Request(new Request(real(make('{')))).json(),
    async () => new Request(make('{').clone()).json(),
  ]) {
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    assert.equal(badBody(error)?.status, 400);
  }
  // What user code has put there is its own fault, and so is reading twice.
  for (const read of [
    async () => new Request(real(make('{}')), { body: '{' }).json(),
    async () => new Request(new Request(real(make('{}'))), { body: '{' }).json(),
    async () => {
      const copy = new Request(real(make('{}')));
      await copy.text();
      return copy.json();
    },
  ]) {
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error);
    assert.equal(badBody(error), null);
  }
});

test('a class of the user keeps its own methods', async () => {
  class Mine extends Request {}
  // Their types are those of properties, so TypeScript allows no methods here.
  Object.assign(Mine.prototype, {
    async json(this: Mine): Promise<unknown> {
      return { mine: JSON.parse(await this.text()) };
    },
    formData: async () => new FormData(),
  });
  assert.deepEqual(await new Mine(real(make('{"n":1}'))).json(), { mine: { n: 1 } });
  assert.deepEqual([...(await new Mine(real(make('{'))).formData())], []);
});

test('query is the first value of each name', () => {
  assert.deepEqual(make(null).query, { x: '1', y: ' ' });
  assert.deepEqual(make(null, { url: '/' }).query, {});
});

test('a body is read once, whichever way', async () => {
  const request = make('{}');
  assert.equal(request.bodyUsed, false);
  await request.text();
  assert.equal(request.bodyUsed, true);
  for (const read of ['json', 'text', 'arrayBuffer', 'blob', 'formData'] as const) {
    await assert.rejects(request[read](), TypeError, read);
  }
  assert.throws(() => request.clone(), TypeError);
});

test('bytes are the reader’s own', async () => {
  const request = make('abc');
  const buffer = await request.arrayBuffer();
  assert.equal(buffer.byteLength, 3);
  assert.equal(await make(null, { method: 'GET' }).text(), '');
});

test('a copy follows the signal, and has the headers as they are', async () => {
  for (const copyOf of [
    (lazy: LazyRequest) => lazy.clone(),
    (lazy: LazyRequest) => lazy.clone().clone(),
    (lazy: LazyRequest) => new Request(real(lazy)),
    (lazy: LazyRequest) => new Request(lazy.clone(), { method: 'PUT' }),
    (lazy: LazyRequest) => new Request(real(lazy)).clone(),
    // Once the body was asked for, there is a real request behind it and behind its clones.
    (lazy: LazyRequest) => (lazy.body === null ? assert.fail() : lazy.clone()),
  ]) {
    const request = make('{}');
    request.headers.set('x-two', 'changed');
    request.headers.delete('content-type');
    const copy = copyOf(request);
    assert.deepEqual([copy.headers.get('x-two'), copy.headers.get('content-type')], ['changed', null]);
    copy.headers.set('x-two', 'of the copy');
    assert.equal(request.headers.get('x-two'), 'changed');
    const { signal } = copy;
    request.abort('left');
    assert.match(String(signal.reason), /left/);
    const late = make('{}');
    late.abort('left');
    assert.equal(copyOf(late).signal.aborted, true);
  }
});

test('what a copy read is what the body is', async () => {
  for (const copyOf of [
    (lazy: LazyRequest) => lazy.clone(),
    (lazy: LazyRequest) => lazy.clone().clone(),
    (lazy: LazyRequest) => new Request(real(lazy)),
    (lazy: LazyRequest) => new Request(lazy.clone()),
    (lazy: LazyRequest) => new Request(real(lazy)).clone(),
  ]) {
    const request = make('null');
    assert.equal(await copyOf(request).json(), null);
    assert.equal(request.simpleBody, 'null');
    const list = make('[1]');
    await copyOf(list).json();
    assert.equal(list.simpleBody, null);
  }
});

test('the signal aborts, asked for before or after', () => {
  const before = make(null);
  const { signal } = before;
  before.abort('left');
  assert.equal(signal.aborted, true);
  const late = make(null);
  late.abort('left');
  assert.equal(late.signal.aborted, true);
  assert.match(String(late.signal.reason), /left/);
});

test('the request id is among the headers', () => {
  assert.equal(make(null).headers.get('x-request-id'), 'id-1');
});

test('a body is limited by what the client says of its length, or else by what arrives, in a copy too', async () => {
  const streamed = (head: Partial<HttpCallHead>) => {
    const sender = { streaming: true, body: null, cancelled: false, consumed() {}, onBody: null } as unknown as IncomingCall;
    const lazy = new LazyRequest(sender, {
      kind: 'http',
      method: 'POST',
      url: '/',
      headers: [],
      host: 'a',
      ...head,
    } as HttpCallHead);
    return { sender, lazy };
  };
  const tooLarge = { code: 'NBS_REQUEST_TOO_LARGE', message: /more than 10 bytes/ };
  assert.throws(() => limitBody(streamed({ length: 11 }).lazy, 10), tooLarge);
  assert.throws(() => limitBody(new Request('http://a', { method: 'POST', headers: { 'content-length': '11' } }), 10), tooLarge);
  type Read = Pick<Request, 'text' | 'formData' | 'headers'>;
  const form = ['content-type', 'multipart/form-data; boundary=x'];
  for (const copyOf of [
    (lazy: LazyRequest): unknown => real(lazy),
    (lazy: LazyRequest) => new Request(real(lazy)),
    (lazy: LazyRequest) => lazy.clone(),
    (lazy: LazyRequest) => new Request(real(lazy)).clone(),
  ])
    for (const read of [(request: Read) => request.text(), (request: Read) => request.formData()]) {
      const { sender, lazy } = streamed({ headers: form });
      const request = copyOf(lazy) as unknown as Read;
      limitBody(request, 10);
      const reading = read(request);
      const { onData, onEnd } = sender.onBody as NonNullable<IncomingCall['onBody']>;
      for (let i = 0; i < 3; i += 1) onData(Buffer.from('123456'));
      onEnd();
      await assert.rejects(reading, tooLarge);
    }
});
