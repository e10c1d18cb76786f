import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Broken, Slow } from '../fixtures/apps.js';
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

test('ten rolling updates under 32 connections and 10,000 requests fail none; both versions answer meanwhile', async () => {
  const rolling = { numReplicas: 3, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  const slow = await serve.run(Slow.options(rolling).bind('r0'), { name: 'slow' });
  const load = new HttpLoad(slow.url);
  await load.answered(1000);
  let most = 0;
  for (let version = 1; version <= 10; version += 1) {
    let updating = true;
    const watching = (async () => {
      while (updating) {
        const { applications } = await serve.status();
        const replicas = applications.slow?.deployments.Slow?.replicas ?? [];
        most = Math.max(most, replicas.filter(({ state }) => /STARTING|INITIALIZING|RUNNING/.test(state)).length);
        // A replica takes much longer to start, and the requests need the controller and the processors.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    await serve.run(Slow.options(rolling).bind(`r${version}`), { name: 'slow' });
    updating = false;
    await watching;
    assert.equal(((await (await fetch(slow.url)).json()) as { version: string }).version, `r${version}`);
    await load.total(version * 1000);
  }
  const answers = await load.stop();
  assert.ok(answers.length >= 10_000);
  assert.deepEqual(Object.keys(countStatuses(answers)), ['200']);
  assert.equal(most, 4, 'numReplicas and maxSurge');
  // The versions overlap. If all replicas were switched at once, the last answer of one version would come before the first answer of the next.
  const versions = answers.map(({ body }) => (JSON.parse(body) as { version: string }).version);
  assert.ok(versions.lastIndexOf('r1') > versions.indexOf('r2'));
});

test('a rolling update whose code cannot start is taken back, and fails no request', async () => {
  const rolling = { numReplicas: 2, rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  const slow = await serve.run(Slow.options(rolling).bind('good'), { name: 'slow' });
  const load = new HttpLoad(slow.url);
  await load.answered(100);
  await assert.rejects(
    serve.run(Broken.options({ ...rolling, name: 'Slow' }).bind('no such model'), { name: 'slow' }),
    /no such model/,
  );
  await load.answered(100);
  const { applications } = await serve.status();
  assert.equal(applications.slow?.status, 'RUNNING');
  const answers = await load.stop();
  assert.deepEqual(Object.keys(countStatuses(answers)), ['200']);
  assert.match(answers.at(-1)?.body ?? '', /good/);
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
