import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Client } from '../host/index.js';
import { ControlApi } from './control-api.js';
import { createControlServer } from './control-server.js';

async function serverOf(t: TestContext) {
  const client = { cluster: { dir: '/run/some' } } as unknown as Client;
  const api = new ControlApi({ client: async () => client, deploy: async () => {}, version: '0' });
  const server = createControlServer({ api, token: 'secret', host: '127.0.0.1', allowedHosts: [] });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async (method: string, path: string) => {
    const sent = request({ port, host: '127.0.0.1', path, method, agent: false, headers: { 'nbserve-token': 'secret' } });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    return answer;
  };
}

test('HEAD is answered as GET, and a refused method gets those that are taken', async (t) => {
  const ask = await serverOf(t);
  const [head, get] = [await ask('HEAD', '/api/version'), await ask('GET', '/api/version')];
  assert.deepEqual([head.statusCode, head.headers['content-length']], [200, get.headers['content-length']]);
  const refused = await ask('POST', '/api/serve/applications/');
  assert.deepEqual([refused.statusCode, refused.headers.allow], [405, 'HEAD, GET, PUT, DELETE']);
});
