import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../host/index.js';
import { ControlApi } from './control-api.js';

test('GET of an application that does not run changes nothing', async () => {
  const calls: string[] = [];
  const client = {
    call: async (method: string) => {
      calls.push(method);
      return method === 'status' ? { applications: { chat: {} } } : {};
    },
  } as unknown as Client;
  const api = new ControlApi({ client: async () => client, deploy: async () => {}, version: '0' });
  const call = { method: 'GET', path: ['api', 'serve', 'applications', 'none'], body: async () => '' };
  await assert.rejects(api.answer(call), { code: 'NBS_NO_SUCH_APP', status: 404, message: /none runs; running: chat/ });
  assert.deepEqual(calls.sort(), ['declared', 'status']);
});
