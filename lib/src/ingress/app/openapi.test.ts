import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { withoutPrefix } from './ingress-request.js';
import { OpenapiDocument } from './openapi-document.js';
import { openapiPath, openapiPaths } from './openapi-path.js';
import { OpenapiSchemas } from './openapi-schemas.js';
import { Tracker } from './tracker.js';

test('the paths of the router become those of OpenAPI', () => {
  const paths: [string, string, string[]][] = [
    ['/', '/', []],
    ['', '/', []],
    ['/items/:id', '/items/{id}', ['id']],
    ['/at/:near(^\\d+(?:\\)|x)$)/:far?', '/at/{near}/{far}', ['near', 'far']],
    ['/:file.png', '/{file}.png', ['file']],
    ['/:hour(^\\d{2})h:minute(^\\d{2})m', '/{hour}h{minute}m', ['hour', 'minute']],
    ['/name::verb', '/name:verb', []],
    ['/files/*', '/files/{wildcard}', ['wildcard']],
  ];
  for (const [url, path, names] of paths) assert.deepEqual(openapiPath(url), { path, names }, url);
});

test('an optional parameter at the end makes two paths', () => {
  assert.deepEqual(openapiPaths('/a/:b(^x$)?'), [
    { path: '/a/{b}', names: ['b'] },
    { path: '/a', names: [] },
  ]);
  assert.deepEqual(openapiPaths('/:b?')[1], { path: '/', names: [] });
  assert.equal(openapiPaths('/a/:b').length, 1);
});

test('no operation vanishes behind another whose path has the same shape', () => {
  const document = new OpenapiDocument({ deployment: 'Files', settings: {} });
  const instance = { getSchemas: () => ({}) } as never;
  const routes = ['GET /files/*', 'GET /files/:id', 'DELETE /files/:name', 'GET /a/:id(\\d+)', 'GET /a/:name([a-z]+)'];
  for (const [method, url] of routes.map((one) => one.split(' '))) document.add({ method, url } as never, instance);
  const { paths } = JSON.parse(document.textFor('/')) as { paths: Record<string, object> };
  assert.deepEqual(
    Object.entries(paths).map(([path, methods]) => `${path} ${Object.keys(methods)}`),
    ['/files/{wildcard} get', '/files/{id} get,delete', '/a/{id} get', '/a/{name} get'],
  );
});

test('only the route prefix is removed from a path', () => {
  assert.equal(withoutPrefix('/api/a/b?x=/api', '/api'), '/a/b?x=/api');
  assert.equal(withoutPrefix('/api', '/api'), '/');
  assert.equal(withoutPrefix('/api?x=1', '/api'), '/?x=1');
  assert.equal(withoutPrefix('/api/', '/api'), '/');
  assert.equal(withoutPrefix('/a', '/'), '/a');
});

test('the slash at the end of the address of an application is not doubled', () => {
  assert.equal(withoutPrefix('//a?x=//b', '/'), '/a?x=//b');
  assert.equal(withoutPrefix('//', '/'), '/');
  assert.equal(withoutPrefix('/?x=//b', '/'), '/?x=//b');
  assert.equal(withoutPrefix('/api//a', '/api'), '/a');
  assert.equal(withoutPrefix('//a//b', '/'), '/a//b');
});

test('shared schemas and schemas that refer to themselves become components', () => {
  const schemas = new OpenapiSchemas();
  schemas.share({
    pet: { $id: 'pet', type: 'object', properties: { friend: { $ref: 'pet#' }, owner: { $ref: 'person#/properties/name' } } },
  });
  schemas.share({ person: { $id: 'person', type: 'object', properties: { name: { type: 'string' } } } });
  assert.deepEqual(schemas.convert({ type: 'array', items: { $ref: 'pet#' } }, 'input'), {
    type: 'array',
    items: { $ref: '#/components/schemas/pet' },
  });
  const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } };
  assert.deepEqual(schemas.convert(tree, 'input'), { $ref: '#/components/schemas/Schema' });
  assert.deepEqual(schemas.components.Schema, {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Schema' } } },
  });
  assert.deepEqual(schemas.components.pet, {
    type: 'object',
    properties: { friend: { $ref: '#/components/schemas/pet' }, owner: { $ref: '#/components/schemas/person/properties/name' } },
  });
  assert.deepEqual(schemas.components.person, { type: 'object', properties: { name: { type: 'string' } } });
});

test('older forms of JSON Schema are converted to OpenAPI 3.1', () => {
  const schemas = new OpenapiSchemas();
  assert.deepEqual(schemas.convert({ $schema: 'x', type: 'string', nullable: true, enum: [{ $ref: '#' }] }, 'input'), {
    type: ['string', 'null'],
    enum: [{ $ref: '#' }],
  });
  assert.deepEqual(schemas.convert({ items: [{ type: 'string' }], additionalItems: false }, 'input'), {
    prefixItems: [{ type: 'string' }],
    items: false,
  });
  assert.deepEqual(
    schemas.propertiesOf({ allOf: [{ properties: { a: {} }, required: ['a'] }, { properties: { b: {} } }] }, 'input'),
    {
      properties: { a: {}, b: {} },
      required: ['a'],
    },
  );
});

test('schemas of other libraries are described, input and output in their own forms', () => {
  const schemas = new OpenapiSchemas();
  const schema = z.object({ when: z.string().transform((text) => text.length), n: z.number().default(1) });
  assert.deepEqual(Object.keys(schemas.propertiesOf(schema, 'input').properties), ['when', 'n']);
  assert.deepEqual(schemas.propertiesOf(schema, 'input').required, ['when']);
  assert.deepEqual(schemas.convert(schema, 'output'), {});
});

test('a request is over when its answer and its handler have ended', async () => {
  let over = 0;
  const tracker = (): Tracker => new Tracker(() => (over += 1));
  const plain = tracker();
  plain.handled(undefined);
  assert.equal(over, 0);
  plain.answered();
  plain.answered();
  assert.equal(over, 1);

  const { promise, resolve } = withResolvers();
  const late = tracker();
  late.handled(promise);
  late.answered();
  late.replied();
  assert.equal(over, 1, 'its handler runs');
  resolve();
  await promise;
  await promise;
  assert.equal(over, 2);

  const inHooks = tracker();
  inHooks.answered();
  assert.equal(over, 2, 'its client left while hooks run');
  inHooks.replied();
  assert.equal(over, 3);
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}
