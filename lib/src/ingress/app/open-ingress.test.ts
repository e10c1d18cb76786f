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
