import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { checkJsonAnswers } from './json-answers.js';

const BIG = { id: 5n };

test('an answer is checked after the hooks of user code, and is not copied if its form is chosen', async () => {
  const copied: unknown[] = [];
  const app = fastify();
  checkJsonAnswers(app, {
    isPlain: (value) => typeof (value as typeof BIG).id !== 'bigint',
    toPlain: (value) => {
      copied.push(value);
      return { id: 'refused' };
    },
  });
  app.register(async (inner) => {
    inner.addHook('preSerialization', async (_request, _reply, { id }: typeof BIG) => ({ id: String(id) }));
    inner.get('/hook', async () => BIG);
  });
  app.get('/none', async () => BIG);
  app.get('/own-hook', { preSerialization: async () => ({ id: 'own' }) }, async () => BIG);
  const response = { 200: { type: 'object', properties: { id: { type: 'integer' } } } };
  app.get('/schema', { schema: { response } }, async () => BIG);
  app.setNotFoundHandler(async () => BIG);
  const answerOf = async (url: string): Promise<unknown> => (await app.inject(url)).json();
  assert.deepEqual(await answerOf('/hook'), { id: '5' });
  assert.deepEqual(await answerOf('/own-hook'), { id: 'own' });
  assert.deepEqual(await answerOf('/schema'), { id: 5 });
  assert.deepEqual(copied, []);
  assert.deepEqual(await answerOf('/none'), { id: 'refused' });
  assert.deepEqual(await answerOf('/unknown'), { id: 'refused' });
  assert.deepEqual(copied, [BIG, BIG]);
});

test('a typed array is a list, and bytes are sent as they are', async () => {
  const app = fastify();
  checkJsonAnswers(app, {
    isPlain: (value) => Array.isArray(value),
    toPlain: (value) => {
      const list = [...(value as Float32Array)];
      if (list.some(Number.isNaN)) throw Object.assign(new Error('NaN is no JSON'), { statusCode: 418 });
      return list;
    },
  });
  const scores = Float32Array.of(0.5, 2);
  app.register(async (inner) => {
    inner.get('/returned', async () => scores);
  });
  app.get('/now', () => scores);
  app.get('/sent', (_request, reply) => reply.send(scores));
  app.get('/wrong', () => Float32Array.of(Number.NaN));
  app.get('/bytes', async () => Uint8Array.of(1, 2));
  app.get('/chosen', (_request, reply) => reply.type('application/octet-stream').send(scores));
  for (const url of ['/returned', '/now', '/sent']) {
    const { headers, body } = await app.inject(url);
    assert.match(String(headers['content-type']), /^application\/json/, url);
    assert.equal(body, '[0.5,2]', url);
  }
  const wrong = await app.inject('/wrong');
  assert.equal(wrong.statusCode, 418);
  assert.match(wrong.body, /NaN is no JSON/);
  assert.deepEqual([...(await app.inject('/bytes')).rawPayload], [1, 2]);
  assert.deepEqual([...(await app.inject('/chosen')).rawPayload], [...new Uint8Array(scores.buffer)]);
});
