/** Typed methods with files, bytes, deep values, and types whose names are those of the web. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type DeploymentHandle, serve } from 'nbserve';
import { Kinds, KindTools, RefusedKinds } from '../fixtures/routes-kinds.js';
import { Named } from '../fixtures/routes-named.js';

let kinds: DeploymentHandle<typeof Kinds>;

before(async () => {
  kinds = await serve.run(Kinds.bind(), { name: 'kinds', routePrefix: '/kinds' });
});
after(() => serve.shutdown());

const post = (path: string, body: FormData | string): Promise<Response> => fetch(`${kinds.url}${path}`, { method: 'POST', body });
const get = async (path: string): Promise<unknown> => (await fetch(`${kinds.url}${path}`)).json();

function formWith(fields: Readonly<Record<string, string | Blob | readonly Blob[]>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ file: new Blob(['abc']), ...fields })) {
    for (const one of [value].flat()) form.append(name, one as Blob);
  }
  return form;
}

test("a user's type is checked though its name is one of the web's", async () => {
  const { url } = await serve.run(Named.bind(), { name: 'named', routePrefix: '/named' });
  const classify = (body: unknown) => fetch(`${url}/classify`, { method: 'POST', body: JSON.stringify(body) });
  const refused = await classify({});
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /body\.text: expected a text of at least 2 characters, got nothing/);
  assert.deepEqual(await (await classify({ text: 'abc' })).json(), { label: 'abc' });
  assert.deepEqual(await (await fetch(`${url}/generator`)).json(), { seed: 7 });
  const { components } = (await (await fetch(`${url}/openapi.json`)).json()) as { components: { schemas: object } };
  assert.deepEqual(Object.keys(components.schemas).sort(), [
    'Generator_number',
    'NbserveError',
    'Promise_string',
    'Request',
    'Response',
  ]);
});

test('a Request that may be missing is the request', async () => {
  const answer = await fetch(`${kinds.url}/agent`, { headers: { 'user-agent': 'me' } });
  assert.equal(await answer.json(), 'me');
});

test('in a form, a file for another kind of field is a fault, and the number of files is checked', async () => {
  const file = new Blob(['x']);
  assert.deepEqual(await (await post('/form', formWith({ note: 'a', notes: 'b', data: 'AAEC', more: [file, file] }))).json(), {
    note: 'a',
    notes: ['b'],
    size: 3,
    more: 2,
    data: 3,
    at: null,
  });
  const wrong: [Readonly<Record<string, Blob | readonly Blob[]>>, RegExp][] = [
    [{ note: file }, /^body\.note: expected a text, got a file$/],
    [{ notes: file }, /^body\.notes: expected a list, got a file$/],
    [{ about: file }, /^body\.about: expected an object, got a file$/],
    [{ data: file }, /^body\.data: expected a text in base64, got a file$/],
    [{ at: file }, /^body\.at: expected a text in the format date-time, got a file$/],
    [{ more: [file, file, file] }, /^body\.more: expected a list of 1 to 2 items, got a list$/],
  ];
  for (const [fields, message] of wrong) {
    const answer = await post('/form', formWith(fields));
    assert.equal(answer.status, 422);
    assert.match(((await answer.json()) as { error: { message: string } }).error.message, message);
  }
});

test('a value that is nested too deeply is a fault of the request at every depth, in JSON and in a form', async () => {
  const nested = (depth: number): string =>
    `${'{"at":"2024-01-01T00:00:00Z","inner":'.repeat(depth)}{"at":"2024-01-01T00:00:00Z"}${'}'.repeat(depth)}`;
  assert.deepEqual(await (await post('/nested', nested(20))).json(), { depth: 21, isDate: true });
  for (let depth = 500; depth < 20_000; depth = Math.round(depth * 1.12)) {
    const form = new FormData();
    form.set('nested', nested(depth));
    for (const answer of [await post('/nested', nested(depth)), await post('/form/nested', form)])
      assert.ok(answer.status === 200 || answer.status === 422, `${depth}: ${answer.status} ${await answer.text()}`);
  }
});

test('a generator of bytes is sent as bytes, and a result may be a promise or not', async () => {
  const pieces = await fetch(`${kinds.url}/pieces`);
  assert.equal(pieces.headers.get('content-type'), 'application/octet-stream');
  assert.deepEqual([...new Uint8Array(await pieces.arrayBuffer())], [1, 2, 250]);
  for (const now of [true, false]) assert.deepEqual(await get(`/maybe?now=${now}`), [{ name: 'a' }]);
  assert.equal(await get('/either?now=true'), 'now');
  assert.equal(await get('/either?now=false'), true);
});

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

test('routes of one path are one path in the document, though their parameters have different names', async () => {
  assert.deepEqual(await get('/items/3'), { id: 3 });
  const removed = await fetch(`${kinds.url}/items/a?force=true`, { method: 'DELETE' });
  assert.deepEqual(await removed.json(), { key: 'a', force: true });
  const document = (await get('/openapi.json')) as { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  assert.equal(valid, true, JSON.stringify(errors));
  const items = document.paths['/items/{id}'];
  assert.equal(document.paths['/items/{key}'], undefined);
  assert.deepEqual(
    items?.delete?.parameters?.map(({ name, in: place }) => [name, place]),
    [
      ['id', 'path'],
      ['force', 'query'],
    ],
  );
  assert.ok('application/octet-stream' in (document.paths['/pieces']?.get?.responses[200]?.content ?? {}));
  assert.deepEqual(Object.keys(document.paths['/either']?.get?.responses ?? {}).slice(0, 2), ['200', '204']);
});

test('a tool may have an argument named body, tuples or no result, and an answer that tells of a failure is one', async () => {
  const tools = await serve.run(KindTools.bind(), { name: 'tools', routePrefix: '/tools' });
  const client = new Client({ name: 'test', version: '0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${tools.url}/mcp`)) as never);
  await client.listTools();
  const call = async (name: string, args: Record<string, unknown>) => {
    const { content, isError } = await client.callTool({ name, arguments: args });
    return [(content as { text: string }[])[0]?.text, isError === true];
  };
  assert.deepEqual(await call('find', { body: 'x' }), ['found x', false]);
  assert.deepEqual(await call('store', { body: 'x', requestBody: { n: 2 } }), ['x 2', false]);
  assert.deepEqual(await call('missing', {}), ['no', true]);
  assert.deepEqual(await call('refused', {}), ['there is no item 7', true]);
  assert.deepEqual(await call('there', {}), ['yes', false]);
  assert.deepEqual(await call('bytes', {}), ['["AQI="]', false]);
  assert.deepEqual(await call('boxes', { size: [1, 2], rest: ['a', 3] }), ['[{"label":"a 3","box":[1,2]}]', false]);
  assert.deepEqual(await call('unknown', {}), ['null', false]);
  await client.close();
});

const REFUSED: Readonly<Record<keyof typeof RefusedKinds, RegExp>> = {
  blob: /BlobResult\.go, its result: a File or Blob has no JSON form; return the File or Blob alone/,
  blobs: /BlobStream\.go, its result, an item: a File or Blob has no JSON form/,
  fileTag: /FileTag\.go, form\.file: @maxLength says nothing; it is not for a file/,
  bytesTag: /BytesTag\.go, body\.data: @maxLength says nothing; it is not for bytes/,
  uniqueFiles: /UniqueFiles\.go, form\.files: @uniqueItems says nothing; it is not for files/,
  fileOrText: /FileOrText\.go: form holds a File below its properties, or in a union; .* write file\?: File if it may be missing/,
  binaryText: /BinaryText\.go, body\.text: @format binary says nothing; write File for a file/,
  aliasTag: /AliasTag\.go, body\.count: @minLength says nothing; it is not for number/,
};

for (const [name, message] of Object.entries(REFUSED)) {
  test(`serve.run refuses a type that would fail or check nothing: ${name}`, async () => {
    const app = RefusedKinds[name as keyof typeof RefusedKinds];
    await assert.rejects(serve.run(app.bind(), { name, routePrefix: null }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'NBS_NO_SCHEMA', error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}
