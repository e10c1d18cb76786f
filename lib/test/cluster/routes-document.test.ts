/** Typed methods are described to programs by an OpenAPI document, from which clients are made, and by the tools of an MCP server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type DeploymentHandle, serve } from 'nbserve';
import openapiTs, { astToString } from 'openapi-typescript';
import { Routed, Tools } from '../fixtures/routes-apps.js';

const run = promisify(execFile);
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

let app: DeploymentHandle<typeof Routed>;
let tools: DeploymentHandle<typeof Tools>;
// The file is inside the package, so that the client finds the packages that it imports.
const folder = mkdtempSync(fileURLToPath(new URL('../.client-', import.meta.url)));

before(async () => {
  app = await serve.run(Routed.bind(), { name: 'routed', routePrefix: '/shop' });
  tools = await serve.run(Tools.bind(), { name: 'tools', routePrefix: '/tools' });
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

interface Document {
  openapi: string;
  info: { title: string; description?: string };
  servers: { url: string }[];
  paths: Record<
    string,
    Record<string, { operationId: string; summary: string; description?: string; parameters?: { name: string; in: string }[] }>
  >;
  components: { schemas: Record<string, { description?: string; properties?: Record<string, object> }> };
}
const documentOf = async (handle: { url: string | null }) =>
  (await (await fetch(`${handle.url}/openapi.json`)).json()) as Document;

test('the documents are valid, and contain the texts of the comments', async () => {
  for (const handle of [app, tools]) {
    const { valid, errors } = await new Validator().validate((await documentOf(handle)) as never);
    assert.equal(valid, true, JSON.stringify(errors, null, 1));
  }
  const { openapi, info, servers, paths, components } = await documentOf(app);
  assert.equal(openapi, '3.1.0');
  assert.deepEqual(info, { title: 'Classifier', version: '0', description: 'Classifies texts.' });
  assert.deepEqual(servers, [{ url: '/shop' }]);
  const classify = paths['/classify']?.post;
  assert.equal(classify?.summary, 'Gives the labels of a text.');
  assert.equal(classify?.description, 'Gives the labels of a text. The best comes first.');
  assert.deepEqual(
    paths['/items/{id}']?.put?.parameters?.map(({ name, in: place }) => [name, place]),
    [['id', 'path']],
  );
  assert.equal(components.schemas.Label?.description, 'What a text is about.');
  assert.deepEqual(components.schemas.Label?.properties?.score, { type: 'number', minimum: 0, maximum: 1 });
  assert.doesNotMatch(JSON.stringify(paths), /x-javascript|\$defs/);
  const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.equal(new Set(ids).size, ids.length);
});

const CLIENT = `
import createClient from 'openapi-fetch';
import type { paths } from './paths.js';
const client = createClient<paths>({ baseUrl: process.argv[2] as string });
const classified = await client.POST('/classify', { body: { text: 'abc', top: 1 } });
const labels: { name: string; score: number }[] = classified.data ?? [];
const found = await client.GET('/search/{kind}', { params: { path: { kind: 'a' }, query: { limit: 2, tags: ['x'] } } });
const stored = await client.PUT('/items/{id}', { params: { path: { id: 'one' } }, body: { name: 'x', price: 1 } });
const count: number | undefined = stored.data?.count;
// @ts-expect-error: a text is no number
const refused = await client.POST('/classify', { body: { text: 5 } });
// @ts-expect-error: there is no such path
client.GET('/nowhere').catch(() => {});
// @ts-expect-error: the price is missing
client.PUT('/items/{id}', { params: { path: { id: 'one' } }, body: { name: 'x' } }).catch(() => {});
// @ts-expect-error: there is no such kind
client.GET('/search/{kind}', { params: { path: { kind: 'z' } } }).catch(() => {});
// A union with a tag, a date, a tuple.
const shape = { kind: 'square', side: 2 } as const;
const shapes = await client.POST('/shapes', { body: { shape, at: '2024-01-02T03:04:05.000Z', pair: [1, 'x'] } });
const told = shapes.data?.shape;
const side: number | undefined = told?.kind === 'square' ? told.side : undefined;
type Answer = paths['/shapes']['post']['responses'][200]['content']['application/json'];
const pair: Answer['pair'] = [2, 'y'];
// @ts-expect-error: a text is no number
const noPair: Answer['pair'] = ['y', 2];
// @ts-expect-error: there is no such kind of shape
const noShape: Answer['shape'] = { kind: 'Square', side: 2 };
// A file is sent in a form.
const form = new FormData();
form.set('file', new Blob(['abc']), 'a.txt');
form.set('count', '3');
const uploaded = await client.POST('/upload/{folder}', {
  params: { path: { folder: 'x' } },
  body: { file: 'in the form', count: 3 },
  bodySerializer: () => form,
});
const size: string | undefined = uploaded.data?.text;
console.log(JSON.stringify([labels, found.data, count, refused.error?.error.code, side, shapes.data?.at, size, pair, noPair, noShape].slice(0, 7)));
`;

test('a client made from the document type-checks, refuses wrong calls, and works', async () => {
  writeFileSync(join(folder, 'paths.ts'), astToString(await openapiTs((await documentOf(app)) as never)));
  writeFileSync(join(folder, 'client.ts'), CLIENT);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2023',
        module: 'NodeNext',
        strict: true,
        skipLibCheck: true,
        types: ['node'],
        outDir: 'out',
        rootDir: '.',
      },
    }),
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await run(process.execPath, [TSC, '-p', folder]).catch((error: { stdout: string }) => assert.fail(error.stdout));
  const { stdout } = await run(process.execPath, [join(folder, 'out', 'client.js'), String(app.url)]);
  assert.deepEqual(JSON.parse(stdout), [
    [{ name: 'abc0', score: 1 }],
    { kind: 'a', limit: 2, tags: ['x'], since: null },
    1,
    'NBS_INVALID_REQUEST',
    2,
    '2024-01-02T03:04:06.000Z',
    'abc',
  ]);
});

test("the official SDK's client lists the tools of a deployment and calls them", async () => {
  const client = new Client({ name: 'test', version: '0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${tools.url}/mcp`)) as never);
  assert.equal(client.getServerVersion()?.name, 'Calculator');
  const { tools: listed } = await client.listTools();
  assert.deepEqual(listed.map(({ name }) => name).sort(), ['add', 'divide', 'note', 'range']);
  const add = listed.find(({ name }) => name === 'add');
  assert.equal(add?.description, 'Adds two numbers.');
  assert.deepEqual(add?.inputSchema.required, ['a', 'b']);
  const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });
  assert.deepEqual((await call('add', { a: 1, b: 2 })).structuredContent, { result: 3 });
  assert.deepEqual((await call('divide', { n: 6, by: 3 })).structuredContent, { quotient: 2 });
  assert.deepEqual((await call('range', { to: 3 })).structuredContent, { result: [0, 1, 2] });
  assert.deepEqual((await call('note', { text: 'x' })).content, []);
  const refused = await call('add', { a: 'x', b: 2 });
  assert.equal(refused.isError, true);
  assert.match(JSON.stringify(refused.content), /body\.a: expected a number, got 'x'/);
  const failed = await call('divide', { n: 1, by: 0 });
  assert.equal(failed.isError, true);
  assert.doesNotMatch(JSON.stringify(failed.content), /secret/);
  await assert.rejects(call('nothing', {}), /there is no tool nothing; there are: add, divide, range, note/);
  await client.close();
});

test('a request that is not an MCP message is refused, and other deployments have no tools', async () => {
  const send = (body: string) =>
    fetch(`${tools.url}/mcp`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  for (const [body, code] of [
    ['{', -32700],
    ['[]', -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['null', -32600],
    ['7', -32600],
  ] as const) {
    const response = await send(body);
    assert.equal(response.status, 400, body);
    assert.equal(((await response.json()) as { error: { code: number } }).error.code, code, body);
  }
  const unknown = await send('{"jsonrpc":"2.0","id":1,"method":"resources/list"}');
  assert.equal(((await unknown.json()) as { error: { code: number } }).error.code, -32601);
  assert.equal((await send('{"jsonrpc":"2.0","method":"notifications/initialized"}')).status, 202);
  assert.equal((await fetch(`${tools.url}/mcp`)).status, 405);
  assert.equal((await fetch(`${app.url}/mcp`, { method: 'POST' })).status, 418, 'fetch of the class gets it');
});

test('if a class has no fetch, a request that matches no route gets a coded error', async () => {
  const nowhere = await fetch(`${tools.url}/nowhere`);
  assert.equal(nowhere.status, 404);
  assert.match(await nowhere.text(), /NBS_NO_SUCH_ROUTE.*\/tools\/docs/);
  const wrong = await fetch(`${tools.url}/add`);
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'POST');
  assert.match(await wrong.text(), /NBS_METHOD_NOT_ALLOWED.*it takes POST/);
});
