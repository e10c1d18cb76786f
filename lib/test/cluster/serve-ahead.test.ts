import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from 'nbserve';
import { endCluster, listLocalClusters, runningCluster, startAhead } from 'nbserve/host';
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
  await serve.start({ host: '127.0.0.1', port: 0 });
  assert.equal(clusters(), before + 1);
});

test('one that nobody asked for ends with the rest', async () => {
  const before = clusters();
  startAhead();
  await until(() => clusters() === before + 1);
  await endCluster({ drain: false });
  assert.equal(clusters(), before);
});
