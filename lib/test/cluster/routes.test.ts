/** Typed methods as routes: what they accept, what they refuse, and what clients learn about faults. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { Loose, Refused, Routed } from '../fixtures/routes-apps.js';

let app: DeploymentHandle<typeof Routed>;
let loose: DeploymentHandle<typeof Loose>;

before(async () => {
  loose = await serve.run(Loose.bind(), { name: 'loose', routePrefix: '/loose' });
  app = await serve.run(Routed.bind(), { name: 'routed', routePrefix: '/shop' });
});
after(() => serve.shutdown());

interface Told {
  readonly error: {
    code: string;
    message: string;
    requestId: string;
    issues?: { in: string; field: string; expected: string; got: string }[];
  };
}

const send = (path: string, method: string, body?: unknown, headers?: Record<string, string>) =>
  fetch(`${app.url}${path}`, {
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body: typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body) }),
  });
const post = (path: string, body?: unknown) => send(path, 'POST', body);
async function told(response: Response): Promise<Told['error'] & { status: number }> {
  const { error } = (await response.json()) as Told;
  return { ...error, status: response.status };
}
async function json(response: Response): Promise<unknown> {
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal(response.headers.get('content-type'), 'application/json');
  return response.json();
}

const EVERYTHING = {
  text: 'a',
  flag: true,
  nothing: null,
  either: 1,
  size: 'small',
  rank: 2,
  shape: { kind: 'circle', radius: 1 },
  tree: { name: 'root', children: [{ name: 'leaf', children: [] }] },
  pair: [1],
  list: [1, 2],
  counts: { a: 1 },
  at: '2024-01-02T03:04:05.000Z',
  bytes: 'AAEC',
  vector: [1, 0.5],
  levels: [-128, 127],
  large: '12345678901234567890',
  page: 'https://example.org/',
  width: '3px',
  whole: null,
  names: ['ab', 'cd'],
};

test('a body is checked by its type, and every fault names its field and what was expected', async () => {
  assert.deepEqual(await json(await post('/classify', { text: 'ab', top: 2 })), [
    { name: 'ab0', score: 1 },
    { name: 'ab1', score: 0.5 },
  ]);
  const { status, code, message, issues } = await told(await post('/classify', { top: '3' }));
  assert.equal(status, 422);
  assert.equal(code, 'NBS_INVALID_REQUEST');
  assert.match(
    message,
    /body\.text: expected a text of at least 2 characters, got nothing; body\.top: expected an integer of at least 1 and of at most 10, got '3'/,
  );
  assert.deepEqual(
    issues?.map(({ field }) => field),
    ['body.text', 'body.top'],
  );
  assert.match((await told(await post('/classify', { text: 'a' }))).message, /body\.text/);
  assert.match((await told(await post('/classify', { text: 'ab', top: 0.5 }))).message, /body\.top/);
  assert.match((await told(await post('/classify', [1]))).message, /^body: expected an object, got a list/);
  assert.match((await told(await post('/classify', null))).message, /^body: expected an object, got null/);
});

test('if a body is missing or is not JSON, the answer is 400', async () => {
  for (const body of ['{"text"', '', 'text=a', '{"text":"ab"} x']) {
    const { status, code } = await told(await post('/classify', body));
    assert.equal(status, 400, body);
    assert.equal(code, 'NBS_BAD_JSON');
  }
  assert.deepEqual(await json(await post('/maybe', '')), { n: null });
  assert.deepEqual(await json(await post('/maybe', { n: 2 })), { n: 2 });
  assert.equal((await told(await post('/maybe', { n: 'x' }))).status, 422);
});

test('a body of JSON has at most 64 MiB, and a form may have more', async () => {
  const many = 65 * 1024 * 1024;
  // The client does not say how long this one is.
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 65; i += 1) controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
      controller.close();
    },
  });
  for (const body of [pieces, new Uint8Array(many).fill(32)]) {
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    // The server may close the connection before the client has sent everything.
    const answer = await fetch(`${app.url}/maybe`, init).then(told, () => null);
    if (answer !== null) assert.deepEqual([answer.status, answer.code], [413, 'NBS_REQUEST_TOO_LARGE']);
  }
  assert.deepEqual(await json(await post('/maybe', { n: 2 })), { n: 2 });
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(many)]), 'a.txt');
  form.set('count', '3');
  assert.equal(((await json(await post('/upload/x', form))) as { text: string }).text.length, many);
});

test('every kind of type is accepted, converted for the method, and written back', async () => {
  assert.deepEqual(await json(await post('/everything', EVERYTHING)), {
    ...EVERYTHING,
    classes: ['Date', 'Uint8Array', 'Float32Array', 'URL'],
    isBigInt: true,
    next: '12345678901234567891',
  });
});

test('every kind of type refuses values that do not match it', async () => {
  const wrong: [keyof typeof EVERYTHING | 'maybe', unknown, RegExp][] = [
    ['text', 5, /body\.text: expected a text, got 5/],
    ['text', null, /body\.text: expected a text, got null/],
    ['flag', 'true', /body\.flag: expected true or false/],
    ['nothing', 0, /body\.nothing: expected null/],
    ['either', true, /body\.either: expected a text or a number|body\.either: expected a number or a text/],
    ['size', 'medium', /body\.size: expected 'small' or 'large', got 'medium'/],
    ['rank', 4, /body\.rank: expected 1, 2 or 3/],
    ['shape', { kind: 'line' }, /body\.shape: expected an object whose kind is 'circle' or 'square'/],
    ['shape', { kind: 'square', side: 'x' }, /body\.shape\.side: expected a number/],
    ['tree', { name: 'a', children: [{ name: 1, children: [] }] }, /body\.tree\.children\[0\]\.name: expected a text/],
    ['pair', [], /body\.pair: expected a list of 1 to 2 items/],
    ['pair', [1, 2], /body\.pair\[1\]: expected a text/],
    ['list', [1, null], /body\.list\[1\]: expected a number, got null/],
    ['counts', { a: 'x' }, /body\.counts\.a: expected a number/],
    ['at', 'yesterday', /body\.at: expected a text in the format date-time/],
    ['at', '2024-01-02T23:59:60Z', /body\.at/],
    ['bytes', 'not base64!', /body\.bytes: expected a text in base64/],
    ['vector', [1, 'x'], /body\.vector\[1\]/],
    ['vector', [1e300], /body\.vector\[0\]: expected a number of at least -3\.4/],
    ['levels', [300], /body\.levels\[0\]: expected an integer of at least -128 and of at most 127/],
    ['levels', [0.5], /body\.levels\[0\]/],
    ['large', 12, /body\.large/],
    ['page', 'no page', /body\.page/],
    ['width', 'wide', /body\.width/],
    ['whole', 0.5, /body\.whole: expected (an integer or null|null or an integer)/],
    ['names', ['a'], /body\.names\[0\]: expected a text of at least 2 characters/],
    ['names', ['ab', 'ab'], /body\.names: expected a list of at least 1 items, each only once/],
    ['names', [], /body\.names: expected a list of at least 1 items/],
    ['maybe', 1, /body\.maybe: expected a text or null|body\.maybe: expected null or a text/],
  ];
  for (const [name, value, expected] of wrong) {
    const { status, message } = await told(await post('/everything', { ...EVERYTHING, [name]: value }));
    assert.equal(status, 422, name);
    assert.match(message, expected);
  }
});

test('a value that is nested too deeply is refused, and a very long list of faults is cut', async () => {
  const depth = 20_000;
  const deep = '{"name":"a","children":['.repeat(depth) + ']}'.repeat(depth);
  const refusedDeep = await post(
    '/everything',
    JSON.stringify(EVERYTHING).replace('{"name":"root"', `${deep},"x":{"name":"root"`),
  );
  assert.equal(refusedDeep.status, 422);
  const { issues } = await told(await post('/everything', { ...EVERYTHING, list: Array.from({ length: 100_000 }, () => 'x') }));
  assert.ok((issues?.length ?? 0) <= 20);
});

test('texts in path and query are converted to their types', async () => {
  assert.deepEqual(
    await json(await send('/search/a?limit=3&exact=true&tags=x&tags=y&size=large&since=2024-01-01T00:00:00Z', 'GET')),
    {
      kind: 'a',
      limit: 3,
      exact: true,
      tags: ['x', 'y'],
      size: 'large',
      since: 1704067200000,
    },
  );
  assert.deepEqual(await json(await send('/search/b?other=1', 'GET')), { kind: 'b', since: null });
  const { status, message, issues } = await told(await send('/search/c?limit=many&exact=1', 'GET'));
  assert.equal(status, 422);
  assert.match(
    message,
    /the path parameter kind: expected 'a' or 'b', got 'c'; the query parameter limit: expected a number, got 'many'/,
  );
  assert.deepEqual(
    issues?.map((issue) => issue.in),
    ['path', 'query', 'query'],
  );
  assert.equal(
    (await told(await send('/count', 'GET'))).message,
    'the query parameter to: expected a number of at most 10, got nothing',
  );
  assert.equal(await json(await send('/search/special', 'GET')), 'a fixed word goes before a parameter');
  for (const bad of ['NaN', 'Infinity', '0x10', '1e999', '', ' 1']) {
    assert.equal((await send(`/search/a?limit=${encodeURIComponent(bad)}`, 'GET')).status, 422, bad);
  }
  assert.equal((await told(await send('/items/%zz', 'GET'))).code, 'NBS_BAD_PATH');
});

test('methods of a generic base class have the types of the class that extends it', async () => {
  assert.deepEqual(await json(await send('/items/a%2Fb', 'PUT', { name: 'x', price: 2 })), { id: 'a/b', count: 1 });
  assert.deepEqual(await json(await send('/items/a%2Fb', 'GET')), { name: 'x', price: 2 });
  assert.match((await told(await send('/items/b', 'PUT', { name: 'x' }))).message, /body\.price: expected a number, got nothing/);
  const removed = await send('/items/a%2Fb', 'DELETE');
  assert.equal(removed.status, 204);
  assert.equal((await send('/items/a%2Fb', 'GET')).status, 204, 'undefined is no content');
});

test("if a request matches no route, the class's fetch gets it", async () => {
  const response = await send('/elsewhere', 'GET');
  assert.equal(response.status, 418);
  assert.equal(await response.text(), 'fetch of /shop/elsewhere');
});

test('files are sent as a form, and bytes as the whole body', async () => {
  const form = new FormData();
  form.set('file', new Blob(['abc']), 'a.txt');
  form.append('more', new Blob(['1']), '1');
  form.append('more', new Blob(['2']), '2');
  form.set('count', '3');
  form.set('about', '{"by":"me"}');
  assert.deepEqual(await json(await post('/upload/x', form)), {
    folder: 'x',
    name: 'a.txt',
    text: 'abc',
    more: 2,
    note: null,
    count: 3,
    about: { by: 'me' },
  });
  form.set('count', 'three');
  form.delete('file');
  const { status, message } = await told(await post('/upload/x', form));
  assert.equal(status, 422);
  assert.match(message, /body\.file: expected a file, got nothing/);
  assert.match(message, /body\.count: expected a number, got 'three'/);
  assert.equal((await told(await post('/upload/x', {}))).status, 415);
  assert.equal(
    (await told(await send('/upload/x', 'POST', 'x', { 'content-type': 'multipart/form-data' }))).code,
    'NBS_BAD_FORM',
  );
  const reversed = await send('/bytes', 'POST', 'abc');
  assert.equal(reversed.headers.get('content-type'), 'application/octet-stream');
  assert.equal(await reversed.text(), 'cba');
});

test('a batched method gets one body from each request', async () => {
  const answers = await Promise.all([1, 2, 3].map(async (n) => json(await post('/double', { n }))));
  assert.deepEqual(
    answers.map((answer) => (answer as { twice: number }).twice),
    [2, 4, 6],
  );
  assert.match((await told(await post('/double', [{ n: 1 }]))).message, /^body: expected an object, got a list/);
});

test('a generator is sent as a stream of lines or events', async () => {
  const lines = await send('/count?to=2', 'GET');
  assert.equal(lines.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(await lines.text(), '{"n":1}\n{"n":2}\n');
  const none = await send('/count?to=0', 'GET');
  assert.equal(none.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(await none.text(), '');
  const events = await send('/count?to=2', 'GET', undefined, { accept: 'text/event-stream' });
  assert.equal(await events.text(), 'data: {"n":1}\n\ndata: {"n":2}\n\n');
});

test('the last parameter may be the request', async () => {
  assert.equal(await json(await send('/agent', 'PATCH', {}, { 'user-agent': 'me' })), 'me');
});

test('an error that a method throws appears only in the log', async () => {
  const { status, message } = await told(await send('/fail', 'GET'));
  assert.equal(status, 500);
  assert.doesNotMatch(message, /secret/);
});

const KEPT: readonly (readonly [kind: string, extra: unknown])[] = [
  ['plain', { list: [1, 'a', { big: '2', bytes: 'aGk=' }], shared: [{ id: '1' }, { id: '1' }] }],
  ['tensor', [[1, 2]]],
  ['floats', [1.5]],
  ['date', '1970-01-01T00:00:00.000Z'],
];
const LOST = ['map', 'set', 'error', 'hidden', 'nan', 'circle'];

async function callTool(
  name: string,
  args: object,
): Promise<{ structuredContent?: unknown; isError?: boolean; content: unknown }> {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
  const response = await fetch(`${loose.url}/mcp`, { method: 'POST', body: JSON.stringify(call) });
  return ((await response.json()) as { result: never }).result;
}

test('no value of a result is lost, whatever else its type has', async () => {
  for (const [kind, extra] of KEPT) {
    assert.deepEqual(await json(await fetch(`${loose.url}/record?kind=${kind}`)), { id: '1', extra });
    const lines = await (await fetch(`${loose.url}/stream?kind=${kind}`)).text();
    assert.deepEqual(JSON.parse(lines), { id: '1', extra });
    assert.deepEqual((await callTool('record', { kind })).structuredContent, { id: '1', extra });
    assert.deepEqual((await callTool('stream', { kind })).structuredContent, { result: [{ id: '1', extra }] });
  }
  assert.deepEqual(await json(await fetch(`${loose.url}/account`)), { id: '1' });
  assert.equal(await json(await fetch(`${loose.url}/big`)), '12345678901234567890');
  assert.deepEqual((await callTool('big', {})).structuredContent, { result: '12345678901234567890' });
  assert.deepEqual((await callTool('without', { kind: 'floats' })).structuredContent, { n: 1, extra: [1.5] });
  assert.deepEqual((await callTool('response', {})).content, [{ type: 'text', text: 'as it is' }]);
});

test('a value of a result that has no JSON form is an error, whatever else its type has', async () => {
  for (const kind of [...LOST, 'promise'])
    for (const path of ['record', 'without', 'stream']) {
      const { status, code } = await told(await fetch(`${loose.url}/${path}?kind=${kind}`));
      assert.deepEqual([status, code], [500, kind === 'promise' ? 'NBS_NOT_AWAITED' : 'NBS_NO_JSON_FORM'], `${path} ${kind}`);
      assert.equal((await callTool(path, { kind })).isError, true, `${path} ${kind}`);
    }
});

test('HEAD gets the answer to GET without its body, and the page /docs exists', async () => {
  const head = await send('/search/special', 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  const page = await send('/docs', 'GET');
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(await page.text(), /<title>Classifier<\/title>/);
});

test('handles call the same methods with values', async () => {
  assert.deepEqual(await app.classify.remote({ text: 'x' }), [{ name: 'x0', score: 1 }]);
});

const REFUSED: Readonly<Record<keyof typeof Refused, [string, RegExp]>> = {
  map: ['NBS_NO_SCHEMA', /MapBody\.go, body\.seen: Map<string, number> has no JSON form; write Record<string, …>/],
  call: ['NBS_NO_SCHEMA', /CallBody\.go, body\.on: \(\) => void is a function; leave it out/],
  parameter: ['NBS_NO_SCHEMA', /Free\.go, body: (T|unknown) is a type parameter/],
  query: ['NBS_NO_SCHEMA', /ObjectQuery\.go, params: the query parameter filter cannot be read from a text/],
  result: ['NBS_NO_SCHEMA', /SetResult\.go, its result\.all: Set<string> has no JSON form; write an array/],
  tag: ['NBS_NO_SCHEMA', /BadTag\.go, body\.text: @minLength two says nothing/],
  step: ['NBS_NO_SCHEMA', /NoStep\.go, body\.count: @multipleOf 0 says nothing; a number above 0 belongs behind it/],
  count: ['NBS_NO_SCHEMA', /HalfCount\.go, body\.list: @maxItems 1\.5 says nothing; a whole number from 0 on belongs behind it/],
  format: ['NBS_NO_SCHEMA', /BadFormat\.go, body\.text: @format postcode/],
  wrongTag: ['NBS_NO_SCHEMA', /WrongTag\.go, body\.count: @minLength says nothing; it is not for number/],
  many: ['NBS_NO_SCHEMA', /Many\.go: _b is a parameter too many/],
  rest: ['NBS_NO_SCHEMA', /Rest\.go: \.\.\.all takes any number/],
  twice: ['NBS_ROUTE_TWICE', /Twice: GET \/a\/:y leads to the methods one and two/],
  instance: ['NBS_NO_SCHEMA', /Instance\.go, body\.by\.greet: Person has a method/],
  symbol: ['NBS_NO_SCHEMA', /SymbolBody\.go, body\.at: symbol has no JSON form/],
};

for (const [name, [code, message]] of Object.entries(REFUSED)) {
  test(`serve.run refuses a type without a schema: ${name}`, async () => {
    await assert.rejects(serve.run(Refused[name as keyof typeof Refused].bind(), { name, routePrefix: null }), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}
