import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { serve } from 'nbserve';
import { WebSocket } from 'ws';
import { detachedClusters, stopCluster } from '../../dist/engine/index.js';
import { startDetached } from '../../dist/serve/host.js';
import { killAndAwaitSuccessor, processesIn } from '../fixtures/cluster-processes.js';
import { KitchenDeployment } from '../fixtures/ingress-apps.js';
import { replaceFile } from '../fixtures/replace-file.js';
import { Gated, Root } from '../fixtures/switched-apps.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-starting-'));
const FAULT = join(folder, 'fault');
const gated = Gated.options({ env: { FAULT } }).bind();
const { dir, url } = await startDetached({ host: '127.0.0.1', port: 0 }, {});
await serve.start({ address: dir });

beforeEach(() => replaceFile(FAULT, 'wait'));
after(async () => {
  await serve.shutdown();
  for (const cluster of await detachedClusters()) await stopCluster(cluster.dir, 0);
  rmSync(folder, { recursive: true });
});

const get = async (path: string) => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, retry: response.headers.get('retry-after'), body: await response.text() };
};
const controllerOf = async (cluster: string) =>
  (await processesIn(cluster)).find(({ role }) => role === 'controller') ?? assert.fail();
const isStarting = ({ status, retry, body }: Awaited<ReturnType<typeof get>>): boolean =>
  status === 503 && retry === '1' && body.includes('NBS_APP_STARTING');

test('requests to an application on its way up get 503, whoever is killed meanwhile; to other paths 404 without its route', async () => {
  assert.equal((await get('/gated')).status, 404);
  const running = serve.run(gated, { name: 'gated', routePrefix: '/gated' });
  await until(async () => isStarting(await get('/gated')));
  const other = await get('/gatedx');
  assert.equal(other.status, 404);
  assert.doesNotMatch(other.body, /routes.*gated\b/);
  for (const role of ['controller', 'proxy'] as const) {
    await killAndAwaitSuccessor(dir, role);
    assert.ok(isStarting(await get('/gated/some/where?x=1')), role);
  }
  replaceFile(FAULT, '');
  await running;
  assert.equal((await get('/gated')).body, 'up');
  await serve.delete('gated');
  assert.equal((await get('/gated')).status, 404);
});

test('a deploy goes on with the next controller, whatever the first one was doing for it when it died', async () => {
  replaceFile(FAULT, '');
  const { pid } = await controllerOf(dir);
  process.kill(pid, 'SIGSTOP');
  const running = serve.run(gated, { name: 'gated', routePrefix: '/gated' });
  // The controller is asked which code it lacks, and does not answer.
  await until(async () => (await processesIn(dir)).length > 0);
  process.kill(pid, 'SIGKILL');
  await running;
  assert.equal((await get('/gated')).body, 'up');
  await serve.delete('gated');
});

test('the longest prefix counts, and one that cannot be brought up is no route', async () => {
  await serve.run(Root.bind(), { name: 'root' });
  const running = serve.run(gated, { name: 'gated', routePrefix: '/gated' });
  await until(async () => isStarting(await get('/gated/x')));
  assert.equal((await get('/other')).body, 'root');
  const failed = assert.rejects(running, /no model/);
  replaceFile(FAULT, 'no model');
  await failed;
  await until(async () => (await get('/gated/x')).body === 'root');
  const updated = serve.run(Root.options({ version: 'two' }).bind(), { name: 'root' });
  assert.equal((await get('/')).body, 'root');
  await updated;
});

test('a new proxy answers nothing by routes that it does not know yet: WebSockets, requests and the list of routes wait for them', async () => {
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen', routePrefix: '/kitchen' });
  const { pid } = await controllerOf(dir);
  process.kill(pid, 'SIGSTOP');
  await killAndAwaitSuccessor(dir, 'proxy');
  const socket = new WebSocket(`${url.replace('http:', 'ws:')}/kitchen/echo`);
  const headers = { authorization: `Bearer ${readFileSync(join(dir, 'token'), 'utf8')}` };
  const routes = fetch(`${url}/-/routes`, { headers }).then((response) => response.json());
  const page = get('/nowhere');
  // It answers this although it has no routes: it listens.
  assert.equal((await get('/-/healthz')).status, 200);
  process.kill(pid, 'SIGCONT');
  await once(socket, 'open');
  socket.close();
  await once(socket, 'close');
  assert.ok(Object.hasOwn((await routes) as object, '/kitchen'));
  assert.notEqual((await page).status, 503);
});
