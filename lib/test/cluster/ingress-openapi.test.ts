import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { serve } from 'nbserve';
import { send } from '../fixtures/http-client.js';
import { ClassifierDeployment, KitchenDeployment, ModelDeployment, OwnSettings } from '../fixtures/ingress-apps.js';
import { ZodDeployment } from '../fixtures/zod-app.js';

before(() => serve.start({ port: 0 }));
after(() => serve.shutdown());

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly [part: string]: unknown }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function documentOf(url: string): Promise<Document> {
  const answer = await send(`${url}/openapi.json`);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  const document = JSON.parse(answer.text) as Document;
  const { valid, errors } = await new Validator().validate(JSON.parse(answer.text) as never);
  assert.ok(valid, JSON.stringify(errors));
  return document;
}

test('a validator accepts the document of each application', async () => {
  const apps = {
    classifier: ClassifierDeployment.bind(ModelDeployment.bind()),
    kitchen: KitchenDeployment.bind(),
    zod: ZodDeployment.bind(),
    own: OwnSettings.bind(),
  };
  for (const [name, app] of Object.entries(apps)) {
    const { url } = await serve.run(app as typeof apps.own, { name, routePrefix: `/${name}` });
    assert.deepEqual((await documentOf(url)).servers, [{ url: `/${name}` }]);
  }
});

test('operations have their parameters, bodies and answers', async () => {
  const { url } = await serve.getAppHandle('kitchen');
  const { paths, components } = await documentOf(url);
  const item = { $ref: '#/components/schemas/item' };
  assert.deepEqual(paths['/item']?.post?.requestBody, { required: true, content: { 'application/json': { schema: item } } });
  assert.deepEqual(components.schemas.item, {
    type: 'object',
    properties: { name: { type: 'string' } },
    required: ['name'],
  });
  assert.deepEqual(paths['/items/{id}/at/{place}']?.get?.parameters, [
    { in: 'path', name: 'id', required: true, schema: { type: 'string' } },
    { in: 'path', name: 'place', required: true, schema: { type: 'string' } },
  ]);
  assert.equal(
    (paths['/items/{id}/at']?.get?.parameters as unknown[] | undefined)?.length,
    1,
    'the last parameter may be left out',
  );
  assert.deepEqual(Object.keys(paths['/methods'] ?? {}).sort(), ['delete', 'get', 'patch', 'put']);
  assert.equal(paths['/echo'], undefined, 'a WebSocket is no operation');
  assert.equal(paths['/openapi.json'], undefined);
  const classify = (await documentOf((await serve.getAppHandle('classifier')).url)).paths['/classify']?.post;
  assert.equal(classify?.summary, 'Classifies');
  assert.deepEqual(classify?.parameters, [
    {
      in: 'query',
      name: 'input_text',
      required: true,
      schema: { type: 'string', minLength: 2, description: 'What is to be classified.' },
      description: 'What is to be classified.',
    },
  ]);
});

test('the page shows the document in the same folder, also if the route prefix is the root', async () => {
  const { url } = await serve.run(ClassifierDeployment.bind(ModelDeployment.bind()), { name: 'root', routePrefix: '/' });
  const page = await send(`${url}/docs`);
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
  assert.match(page.text, /data-document="openapi\.json"/);
  assert.deepEqual((await documentOf(url)).servers, [{ url: '/' }]);
});

test('routes of one path are one path in the document, though their parameters have different names', async () => {
  const { url } = await serve.getAppHandle('own');
  const { paths } = await documentOf(url);
  assert.equal(paths['/one/{key}'], undefined);
  assert.deepEqual(paths['/one/{id}']?.delete?.parameters, [
    { in: 'path', name: 'id', required: true, schema: { type: 'integer' } },
  ]);
});
