/** Values of typed methods that are easily read in a wrong way: tags at aliases, lists and tuples as texts, forms, unions, records. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { serve } from 'nbserve';
import { Edges, RefusedEdges, Several } from '../fixtures/routes-edges.js';

let url: string;

before(async () => {
  ({ url } = (await serve.run(Edges.bind(), { name: 'edges', routePrefix: '/edges' })) as unknown as { url: string });
});
after(() => serve.shutdown());

async function told(response: Response): Promise<unknown> {
  const body = (await response.json()) as { error?: { message: string } };
  return body.error === undefined ? body : `${response.status} ${body.error.message}`;
}
const post = async (path: string, body?: unknown): Promise<unknown> =>
  told(await fetch(`${url}${path}`, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
const get = async (path: string): Promise<unknown> => told(await fetch(`${url}${path}`));
function form(fields: Readonly<Record<string, readonly string[]>>): Promise<unknown> {
  const body = new FormData();
  body.set('file', new Blob(['a']));
  for (const [name, values] of Object.entries(fields)) for (const value of values) body.append(name, value);
  return fetch(`${url}/form`, { method: 'POST', body }).then(told);
}

test('the tags above an alias of a text, a number or a list are checked wherever the alias stands', async () => {
  const right = {
    tag: 'ab',
    tags: ['ab'],
    few: ['ab', 'cd'],
    maybe: null,
    named: { a: 'ab' },
    pair: ['ab', 0],
    inner: [{ a: 'ab' }],
    both: { de: 'ab', en: 'cd' },
    mapped: { de: 'ab' },
    over: { text: 'ab' },
    own: 'ab',
    word: 'ab',
    item: 'ab',
    page: { items: ['a'] },
    key: 'word',
    part: { tag: 'ab' },
    some: {},
    rest: { tag: 'ab' },
    copy: { word: 'ab' },
    close: {},
    mask: { word: true },
    ofPart: 'ab',
    frozen: { a: 'ab' },
    list: ['ab'],
    fixed: ['ab', 'cd'],
    couple: ['ab', 0],
    all: { de: 'ab', en: 'cd' },
    oneOf: { en: 'ab' },
    open: { a: 'ab' },
    sure: 'ab',
    without: 'ab',
    replaced: { items: ['ab'] },
    implemented: { items: ['ab'] },
    wordOf: 'a',
    plain: { tag: 'a' },
  };
  assert.deepEqual(await post('/aliases', right), Object.keys(right));
  const wrong: [object, string][] = [
    [{ tag: 'a' }, 'tag'],
    [{ tags: ['ab', 'a'] }, 'tags[1]'],
    [{ few: ['a'] }, 'few[0]'],
    [{ maybe: 'a' }, 'maybe'],
    [{ named: { x: 'a' } }, 'named.x'],
    [{ pair: ['a', 0] }, 'pair[0]'],
    [{ inner: [{ a: 'a' }] }, 'inner[0].a'],
    [{ both: { de: 'ab', en: 'a' } }, 'both.en'],
    [{ mapped: { de: 'a' } }, 'mapped.de'],
    [{ over: { text: 'a' } }, 'over.text'],
    [{ own: 'a' }, 'own'],
    [{ word: 'a' }, 'word'],
    [{ item: 'a' }, 'item'],
    [{ part: { tag: 'a' } }, 'part.tag'],
    [{ part: { word: 'a' } }, 'part.word'],
    [{ some: { tag: 'a' } }, 'some.tag'],
    [{ rest: { tag: 'a' } }, 'rest.tag'],
    [{ copy: { tag: 'a' } }, 'copy.tag'],
    [{ close: { word: 'a' } }, 'close.word'],
    [{ ofPart: 'a' }, 'ofPart'],
    [{ frozen: { x: 'a' } }, 'frozen.x'],
    [{ list: ['a'] }, 'list[0]'],
    [{ fixed: ['a'] }, 'fixed[0]'],
    [{ couple: ['a', 0] }, 'couple[0]'],
    [{ all: { de: 'ab', en: 'a' } }, 'all.en'],
    [{ oneOf: { en: 'a' } }, 'oneOf.en'],
    [{ open: { x: 'a' } }, 'open.x'],
    [{ sure: 'a' }, 'sure'],
    [{ without: 'a' }, 'without'],
    [{ replaced: { items: ['a'] } }, 'replaced.items[0]'],
    [{ implemented: { items: ['a'] } }, 'implemented.items[0]'],
  ];
  for (const [body, field] of wrong)
    assert.match(
      String(await post('/aliases', body)),
      new RegExp(`^422 body\\.${field.replace(/[[\]]/g, '\\$&')}: expected .*a text of at least 2`),
    );
  for (const name of ['few', 'fixed'])
    assert.match(
      String(await post('/aliases', { [name]: ['ab', 'cd', 'ef'] })),
      new RegExp(`body\\.${name}: expected a list of at most 2 items`),
    );
  assert.match(String(await post('/aliases', { pair: ['ab', -1] })), /body\.pair\[1\]: expected a number of at least 0/);
  assert.match(String(await post('/alias', 'a')), /^422 body: expected a text of at least 2 characters/);
  assert.deepEqual(await get('/alias-texts?de=ab&en=cd'), { de: 'ab', en: 'cd' });
  assert.match(String(await get('/alias-texts?de=ab&en=c')), /^422 the query parameter en: expected a text of at least 2/);
  assert.deepEqual(await get('/pages'), { items: ['a'], word: 'W' }, 'a result is only described');
});

const LOST = /^\w+\.go, body\S*: .+ loses the tags of Tag; write Tag as the type of the property, or of its items$/;
const LOST_KEY = /^\w+\.go, body: .+ loses the tags of Tag; write string as the type of the keys, which are not checked$/;
const NOT_CHECKED = /^\w+\.go, body\S*: .+ is not checked; write string, with @pattern/;
const REFUSED: Readonly<Record<keyof typeof RefusedEdges, RegExp>> = {
  generic: LOST,
  alias: LOST,
  named: LOST,
  base: LOST,
  utility: LOST,
  part: LOST,
  property: /^\w+\.go, body: .+ loses the tags of User\['word'\]; write User\['word'\] as the type of the property/,
  index: LOST,
  branded: LOST,
  key: LOST_KEY,
  signature: LOST_KEY,
  upper: NOT_CHECKED,
  upperPart: NOT_CHECKED,
  upperKey: NOT_CHECKED,
};

for (const [name, message] of Object.entries(REFUSED)) {
  test(`serve.run refuses a type of which a part would not be checked: ${name}`, async () => {
    const app = RefusedEdges[name as keyof typeof RefusedEdges];
    await assert.rejects(serve.run(app.bind(), { name, routePrefix: null }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'NBS_NO_SCHEMA', error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a tag on the same line as a pattern, a default or an example counts', async () => {
  const right = { limit: 100, name: 'abc', note: 'x', beside: '@ab', same: '@ab' };
  assert.deepEqual(await post('/tags', right), Object.keys(right));
  assert.match(String(await post('/tags', { limit: 101 })), /body\.limit: expected a number of at most 100/);
  assert.match(
    String(await post('/tags', { name: 'abcdef' })),
    /body\.name: expected a text of at most 5 characters that matches/,
  );
  assert.match(String(await post('/tags', { same: 'a' })), /body\.same: expected a text of at least 3 characters/);
});

test('tuples in a URL are read by position, and one text is a list of one item', async () => {
  assert.deepEqual(await get('/texts?box=1&box=2'), { box: [1, 2] });
  assert.match(String(await get('/texts?box=1')), /^422 the query parameter box: expected a list of 2 items/);
  assert.match(String(await get('/texts?box=1&box=2&box=3')), /^422 /);
  assert.deepEqual(await get('/texts?open=1&open=2'), { open: ['1', 2] });
  assert.deepEqual(await get('/texts?names=a'), { names: ['a'] });
  assert.deepEqual(await get('/texts?names=null'), { names: null });
  assert.deepEqual(await get('/texts?numbers=1'), { numbers: [1] });
  assert.deepEqual(await get('/texts?numbers=all'), { numbers: 'all' });
  assert.deepEqual(await get('/texts?id=007'), { id: '007' });
  assert.deepEqual(await get('/texts?id=7'), { id: 7 });
});

test('an object of parameters with a default may be missing as a whole', async () => {
  assert.deepEqual(await get('/list'), { page: 1 });
  assert.deepEqual(await get('/list?page=2&size=3'), { page: 2, size: 3 });
  assert.match(String(await get('/list?size=3')), /^422 the query parameter page: expected a number, got nothing$/);
  assert.deepEqual(await get('/maybe-list'), ['none', 'GET']);
  assert.deepEqual(await get('/maybe-list?page=3'), [3, 'GET']);
  const { paths } = (await get('/openapi.json')) as {
    paths: Readonly<Record<string, { get: { parameters: readonly { required: boolean }[] } }>>;
  };
  assert.deepEqual(
    paths['/list']?.get.parameters.map(({ required }) => required),
    [false, false],
  );
});

test('in a form, whatever is no plain text is JSON, and a list may be one text or a text for each item', async () => {
  const right: [Readonly<Record<string, readonly string[]>>, unknown][] = [
    [{ box: ['1', '2', '3', '4'] }, { box: [1, 2, 3, 4] }],
    [{ points: ['{"x":1}'] }, { points: [{ x: 1 }] }],
    [{ points: ['{"x":1}', '{"x":2}'] }, { points: [{ x: 1 }, { x: 2 }] }],
    [{ points: ['[{"x":1},{"x":2}]'] }, { points: [{ x: 1 }, { x: 2 }] }],
    [{ options: ['{"a":1}'] }, { options: { a: 1 } }],
    [{ options: ['null'] }, { options: null }],
    [{ any: ['{"a":1}'] }, { any: { a: 1 } }],
    [{ either: ['{"b":"x"}'] }, { either: { b: 'x' } }],
    [{ grid: ['[1,2]'] }, { grid: [[1, 2]] }],
    [{ grid: ['[[1],[2]]'] }, { grid: [[1], [2]] }],
    [{ grid: ['[1]', '[2]'] }, { grid: [[1], [2]] }],
    [{ names: ['a'] }, { names: ['a'] }],
    [{ vectors: ['[1,2]', '[3]'] }, { vectors: ['Float32Array', 'Float32Array'] }],
    [{ word: ['hello'] }, { word: 'hello' }],
    [{ word: ['5'] }, { word: '5' }],
    [{ word: ['{"a":5}'] }, { word: { a: 5 } }],
  ];
  for (const [fields, expected] of right) assert.deepEqual(await form(fields), expected);
  assert.match(String(await form({ points: ['{"x":"1"}'] })), /^422 body\.points\[0\]\.x: expected a number, got '1'$/);
  assert.match(String(await form({ points: ['no'] })), /^422 body\.points\[0\]: expected an object, got 'no'$/);
});

test('a body that may be missing may be a form or bytes', async () => {
  assert.equal(await post('/maybe-form'), 'nothing');
  assert.equal(await post('/maybe-bytes'), 'nothing');
  const wrong = await fetch(`${url}/maybe-form`, { method: 'POST', body: 'x' });
  assert.equal(wrong.status, 415);
});

test('the fault of a union is that of the member whose literal matches', async () => {
  const wrong: [object, string][] = [
    [{ answer: { ok: true, value: 'x' } }, "body.answer.value: expected a number, got 'x'"],
    [{ answer: { ok: false } }, 'body.answer.error: expected a text, got nothing'],
    [{ answer: {} }, 'body.answer.ok: expected true or false, got nothing'],
    [{ answer: { ok: 1 } }, 'body.answer.ok: expected true or false, got 1'],
    [{ level: { n: 2 } }, 'body.level.b: expected a text, got nothing'],
    [{ level: { n: 3 } }, 'body.level.n: expected 1 or 2, got 3'],
    [{ shape: { kind: 'circle' } }, 'body.shape.radius: expected a number, got nothing'],
    [{ shape: { kind: 'x' } }, "body.shape.kind: expected 'circle' or 'square', got 'x'"],
  ];
  for (const [body, message] of wrong) assert.equal(await post('/unions', body), `422 ${message}`);
  assert.deepEqual(await post('/unions', { shape: null, answer: { ok: false, error: '' } }), ['shape', 'answer']);
});

test('the keys of a record of numbers are numbers, and each of two index signatures is checked', async () => {
  assert.deepEqual(await post('/records', { byNumber: { 1: 'a', '-2.5': 'b' } }), ['byNumber']);
  assert.match(
    String(await post('/records', { byNumber: { abc: 'a' } })),
    /^422 body\.byNumber\.abc: expected a number as the name, got 'abc'$/,
  );
  assert.deepEqual(await post('/records', { both: { 1: 'a', x: 'any' } }), ['both']);
  assert.match(String(await post('/records', { both: { 1: 'b' } })), /^422 body\.both\[1\]: expected 'a'/);
  assert.match(String(await post('/records', { both: { x: 1 } })), /^422 body\.both\.x: expected a text/);
});

interface Operation {
  readonly requestBody?: { readonly description?: string };
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

test('the document has the content types of streams as they are sent, and the texts of @param and @returns', async () => {
  const document = (await get('/openapi.json')) as { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  assert.equal(valid, true, JSON.stringify(errors));
  for (const path of ['/words', '/named', '/dates', '/dates?none=true']) {
    const sent = await fetch(`${url}${path}`);
    await sent.text();
    const [type] = Object.keys(document.paths[path.split('?')[0] as string]?.get?.responses[200]?.content ?? {});
    assert.equal(sent.headers.get('content-type')?.split(';')[0], type, path);
  }
  const find = document.paths['/find']?.put;
  assert.equal(find?.requestBody?.description, 'what to look for');
  assert.deepEqual(
    find?.parameters?.map(({ name, description }) => [name, description]),
    [
      ['limit', 'how many'],
      ['page', 'which page'],
      ['own', 'Its own.'],
    ],
  );
  assert.equal(find?.responses[200]?.description, 'the name of the item');
});

test('each class that one call deploys has its own types', async () => {
  for (const [i, expected] of [/^1$/, /^422 body\.second: expected a text, got nothing$/].entries()) {
    const deployment = Several[i];
    assert.ok(deployment !== undefined);
    const handle = await serve.run(deployment.bind(), { name: `s${i}`, routePrefix: `/s${i}` });
    const answer = await fetch(String(handle.url), { method: 'POST', body: JSON.stringify({ first: 1 }) });
    assert.match(String(await told(answer)), expected);
  }
});
