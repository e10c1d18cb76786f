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
