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

test('a DELETE waits for the PUT before it, and not for what another DELETE ends', async () => {
  const order: string[] = [];
  const slowly = async (what: string): Promise<void> => {
    order.push(`${what} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    order.push(`${what} ends`);
  };
  const client = {
    cluster: { url: 'http://127.0.0.1:8000' },
    call: async (method: string, { name = '' } = {}) => {
      if (method === 'status') return { applications: { chat: {} } };
      await slowly(`delete ${name}`);
      return { deleted: true };
    },
  } as unknown as Client;
  const api = new ControlApi({ client: async () => client, deploy: () => slowly('deploy'), version: '0' });
  const answer = (method: string, ...names: string[]) =>
    api.answer({ method, path: ['api', 'serve', 'applications', ...names], body: async () => 'applications: []' });
  const first = answer('PUT');
  // The configuration is read and checked before it waits for its turn.
  while (order.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, answer('DELETE', 'chat'), answer('DELETE')]);
  const [begins, ends] = ['delete chat begins', 'delete chat ends'];
  assert.deepEqual(order, ['deploy begins', 'deploy ends', begins, begins, ends, ends]);
});

test('a PUT tells which options a running cluster keeps', async () => {
  const client = { cluster: { url: 'http://127.0.0.1:8001' } } as unknown as Client & { cluster: { url: string } };
  const api = new ControlApi({ client: async () => client, deploy: async () => {}, version: '0' });
  const notesOf = async (cluster: string): Promise<readonly string[]> => {
    const body = async () => `cluster: ${cluster}\napplications: []\n`;
    const answer = await api.answer({ method: 'PUT', path: ['api', 'serve', 'applications'], body });
    return (answer.body as { notes: readonly string[] }).notes;
  };
  for (const nothing of ['{}', '{ port: 8001 }', '{ port: 0 }', '{ port: auto }']) assert.deepEqual(await notesOf(nothing), []);
  client.cluster.url = 'http://127.0.0.1';
  assert.deepEqual(await notesOf('{ port: 80 }'), []);
  client.cluster.url = 'http://127.0.0.1:8001';
  const [port = '', others = ''] = await notesOf('{ port: 9000, host: 0.0.0.0, spareReplicas: 2 }');
  assert.match(port, /at port 8001, not 9000/);
  assert.match(others, /keeps the options .* of host, spareReplicas; to change them, end it with nbserve stop/);
});
