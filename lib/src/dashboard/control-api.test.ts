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

test('the details name the address of gRPC', async () => {
  const detailsOf = async (grpc: string): Promise<unknown> => {
    const status = { url: 'http://127.0.0.1:8000', grpc, warnings: [], nodes: [], applications: {} };
    const client = { call: async (method: string) => (method === 'status' ? status : {}) } as unknown as Client;
    const api = new ControlApi({ client: async () => client, deploy: async () => {}, version: '0' });
    const answer = await api.answer({ method: 'GET', path: ['api', 'serve', 'applications'], body: async () => '' });
    return (answer.body as { grpc_options: unknown }).grpc_options;
  };
  assert.deepEqual(await detailsOf('127.0.0.1:9000'), { host: '127.0.0.1', port: 9000 });
  assert.equal(await detailsOf(''), null);
});
