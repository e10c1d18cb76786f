import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { openIngress } from './open-ingress.js';

const open = (routes: (app: FastifyInstance) => unknown) =>
  openIngress({
    label: 'app/Answers',
    instance: { routes },
    failureOf: (thrown) => thrown as never,
    json: { isPlain: () => true, toPlain: (value) => value },
  });

test('a route below the paths of the cluster is refused, and one beside them is not', async () => {
  const refused = { code: 'NBS_PATH_OF_CLUSTER', message: /app\/Answers: .*\/-\/routes/ };
  await assert.rejects(
    open((app) => app.get('/-/routes', async () => 'mine')),
    refused,
  );
  const inner = async (app: FastifyInstance) => app.post('/routes', async () => 'mine');
  await assert.rejects(
    open((app) => app.register(inner, { prefix: '/-' })),
    refused,
  );
  const ingress = await open((app) => app.register(inner, { prefix: '/-x' }));
  await ingress.close();
});

test('HEAD is answered as GET is, for a Response without a body and for one of another implementation', {
  timeout: 60_000,
}, async () => {
  // As that of a package: a class of its own with the same name.
  class Foreign extends class Response {} {
    readonly [Symbol.toStringTag] = 'Response';
    readonly status = 402;
    readonly headers = new Headers({ 'x-own': '1' });
    readonly body = new Blob(['text']).stream();
    readonly arrayBuffer = async () => new ArrayBuffer(0);
  }
  let routes: FastifyInstance | undefined;
  const ingress = await open((app) => {
    routes = app;
    app.head('/own', async () => new Response(null, { status: 402, headers: { 'x-own': '1' } }));
    app.get('/returned', async () => new Foreign());
    app.get('/thrown', async () => {
      throw new Foreign();
    });
  });
  for (const [method, url, body] of [
    ['HEAD', '/own', ''],
    ['GET', '/returned', 'text'],
    ['HEAD', '/returned', ''],
    ['GET', '/thrown', 'text'],
    ['HEAD', '/thrown', ''],
  ] as const) {
    const answer = await routes?.inject({ method, url });
    assert.deepEqual([answer?.statusCode, answer?.headers['x-own'], answer?.body], [402, '1', body], `${method} ${url}`);
  }
  await ingress.close();
});
