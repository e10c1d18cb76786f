import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Slow } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';

after(() => serve.shutdown());

test('updates under 32 connections fail no request, and end with the new version', async () => {
  const slow = await serve.run(Slow.options({ numReplicas: 2 }).bind('v0'), { name: 'slow' });
  const load = new HttpLoad(slow.url);
  await load.answered(100);
  for (let version = 1; version <= 4; version += 1) {
    await serve.run(Slow.options({ numReplicas: 2 }).bind(`v${version}`), { name: 'slow' });
    assert.equal(((await (await fetch(slow.url)).json()) as { version: string }).version, `v${version}`);
    await load.answered(100);
  }
  assert.deepEqual(Object.keys(countStatuses(await load.stop())), ['200']);
});

test('a change of numReplicas alone keeps the replicas that run', async () => {
  const pids = async () => {
    const { applications } = await serve.status();
    const replicas = applications.slow?.deployments.Slow?.replicas ?? [];
    return replicas.filter(({ state }) => state === 'RUNNING').map(({ pid }) => pid);
  };
  await serve.run(Slow.options({ numReplicas: 2 }).bind('same'), { name: 'slow' });
  const before = await pids();
  await serve.run(Slow.options({ numReplicas: 3 }).bind('same'), { name: 'slow' });
  const after = await pids();
  assert.equal(after.length, 3);
  for (const pid of before) assert.ok(after.includes(pid), `replica ${pid} was replaced`);
});
