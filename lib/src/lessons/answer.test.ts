import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { answerOf, serviceAt, shown, textOf } from './answer.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (text: string) => answerOf(200, 'application/json', bytes(text));

test('any answer is told with its status, its kind and its start', () => {
  assert.equal(json('{"a":1}').came, 'status 200, {"a":1}');
  assert.equal(answerOf(204, '', bytes('')).came, 'status 204, no content type, (no body)');
  assert.equal(answerOf(200, 'text/plain', bytes('hi')).came, 'status 200, text/plain, hi');
  assert.equal(answerOf(200, 'image/png', Uint8Array.of(137, 80)).came, 'status 200, image/png, 2 bytes');
  assert.match(answerOf(200, 'text/html', bytes('x'.repeat(900))).came, /^status 200, text\/html, x{500}… \(900 characters\)$/);
  const error = {
    error: {
      code: 'NBS_USER_ERROR',
      message: 'm',
      stack: 'Error: m\n    at Chat.fetch (cell[3].ts:1:2)\n    at x (node:internal/y:1:1)',
    },
  };
  const failed = answerOf(500, 'application/json', bytes(JSON.stringify(error)));
  assert.equal(failed.came, 'status 500, Error: m\n    at Chat.fetch (cell[3].ts:1:2)');
});

test('a member of an answer of any shape is undefined if there is none', () => {
  assert.equal(json('{"a":1}').member('a'), 1);
  for (const text of ['null', '5', '"a"', '[1]', '', '{', 'NaN', '{"b":2}'])
    assert.equal(json(text).member('a'), undefined, text);
  assert.equal(json('{}').member('constructor'), undefined);
  assert.deepEqual(json('[1]').json, [1]);
});

test('every value can be shown in one line', () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  const cases: readonly (readonly [unknown, string])[] = [
    [Number.NaN, 'NaN'],
    [{ a: Number.NaN, b: 2n }, '{"a":"NaN","b":"2"}'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['a', '"a"'],
    [Float32Array.of(1, 2), 'Float32Array(2) [1, 2]'],
    [{ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) }, '1 × 1 × 3: 1 2 3'],
    [function digit() {}, 'the function digit'],
    [Symbol('s'), 'Symbol(s)'],
    // Cut before the pair, not within it: the quote and 498 letters come first.
    [`${'a'.repeat(498)}😀${'b'.repeat(9)}`, `"${'a'.repeat(498)}… (511 characters)`],
  ];
  for (const [value, text] of cases) assert.equal(shown(value), text);
  assert.match(shown(loop), /^a value that cannot be shown \(.*circular/);
  assert.equal(textOf('no'), '"no" was thrown, which is no Error');
});

test('an error is told with its causes, and with the errors in it', () => {
  const inner = new RangeError('the file is empty');
  const several = new AggregateError([new TypeError('first'), 'second'], 'both failed', { cause: inner });
  const text = textOf(new Error('the model was not loaded', { cause: several }));
  const told = text.split('\n').filter((line) => !/^ +at /.test(line));
  assert.deepEqual(told, [
    'Error: the model was not loaded',
    'Caused by: AggregateError: both failed',
    '[error]: TypeError: first',
    '[error]: second',
    'Caused by: RangeError: the file is empty',
  ]);
  const loop = new Error('a');
  loop.cause = loop;
  assert.match(textOf(loop), /^Error: a\n[\s\S]*Caused by: …$/);
});

test('answers without an end and redirects without an end are told', async (t) => {
  let isOpen = true;
  const server = createServer((request, reply) => {
    if (request.url === '/loop') return reply.writeHead(302, { location: '/loop' }).end();
    if (request.url === '/once') return reply.writeHead(302, { location: '/' }).end();
    if (request.url !== '/endless') return reply.end('hello');
    reply.on('close', () => (isOpen = false));
    const write = () => {
      while (isOpen && reply.write('x'.repeat(2 ** 20)));
    };
    reply.on('drain', write);
    return write();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { ask } = serviceAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token');

  const endless = await ask('body', { path: '/endless' });
  assert.equal(endless.status, 0);
  assert.match(endless.came, /^status 200, and the answer does not end: \d+ bytes came$/);
  assert.equal((await ask(undefined, { path: '/once' })).text, 'hello');
  const loop = await ask(undefined, { path: '/loop' });
  assert.equal(loop.status, 302);
  assert.equal(loop.came, 'status 302 to /loop, no content type, (no body)');
});
