import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from 'nbserve';
import { clusterIn, endCluster, listLocalClusters, runningCluster, startAhead } from 'nbserve/host';
import { Chat } from '../fixtures/apps.js';
import { until } from '../fixtures/wait.js';

const clusters = (): number => listLocalClusters().length;

test("a cluster started ahead is nobody's until something runs, and is the one that it then runs on", async (t) => {
  t.after(() => serve.shutdown());
  const before = clusters();
  startAhead();
  startAhead();
  await until(() => clusters() === before + 1);
  assert.equal(await runningCluster(), null);
  await assert.rejects(serve.status(), { code: 'NBS_NOT_RUNNING' });
  const chat = await serve.run(Chat.bind({ msg: 'Yes... ' }));
  assert.equal(await chat.getResponse.remote('x'), 'Yes... x');
  assert.equal(clusters(), before + 1);
});

test('one at another address than the one asked for is given up', async (t) => {
  t.after(() => serve.shutdown());
  const before = clusters();
  startAhead();
  await serve.start({ host: '127.0.0.1', port: 0, allowedHosts: ['models.example'] });
  assert.equal(clusters(), before + 1);

  const warn = t.mock.method(console, 'warn', () => {});
  await serve.start({ host: '127.0.0.1', port: 0, allowedHosts: ['models.example'] });
  assert.equal(warn.mock.callCount(), 0);
  await serve.start({ allowedHosts: ['other.example'], numGpus: 4 });
  const [said] = warn.mock.calls.flatMap(({ arguments: texts }) => texts as string[]);
  assert.match(String(said), /serve\.start ignores allowedHosts and numGpus; .*serve\.shutdown\(\)/);
});

test('one that nobody asked for ends with the rest', async () => {
  const before = clusters();
  startAhead();
  await until(() => clusters() === before + 1);
  await endCluster({ drain: false });
  assert.equal(clusters(), before);
});

test('nothing waits for a cluster that has ended without being asked to', { timeout: 120_000 }, async (t) => {
  t.after(() => serve.shutdown());
  t.mock.method(console, 'error', () => {});
  await serve.start({ port: 0 });
  const client = (await runningCluster()) ?? assert.fail();
  const waits = assert.rejects(client.router.whenSnapshot(Number.MAX_SAFE_INTEGER), { code: 'NBS_ROUTER_CLOSED' });
  process.kill(clusterIn(client.cluster.dir)?.pid ?? assert.fail(), 'SIGKILL');
  await waits;
  assert.equal(client.isClosed, true);
  assert.equal(await runningCluster(), null);
});
