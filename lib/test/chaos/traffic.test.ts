import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { Classify } from '../fixtures/apps.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';

after(() => serve.shutdown());

const run = (version: string, routePrefix: string | null = null) =>
  serve.run(Classify.options({ version }).bind({ version }), { name: `classify-${version}`, routePrefix });

test('weights are shifted under 32 connections and 20,000 requests, and none fails', async (t) => {
  const { url } = await run('v1', '/classify');
  await run('v2');
  const load = new HttpLoad(url, 32);
  t.after(() => load.stop());
  await load.answered(2000);
  for (let step = 1; step <= 9; step += 1) {
    await serve.traffic('/classify', { v1: 10 - step, v2: step });
    const before = load.answers.length;
    await load.answered(2000);
    // Requests that were in progress during the shift are not counted.
    const shifted = load.answers.slice(before + 64);
    const part = shifted.filter(({ body }) => body === 'v2').length / shifted.length;
    assert.ok(Math.abs(part - step / 10) < 0.05, `${part} at ${step / 10}`);
  }
  const all = await load.stop();
  assert.ok(all.length >= 20_000, `${all.length}`);
  assert.deepEqual(countStatuses(all), { 200: all.length });
});

test('sticky users stay where they are while the controller is killed and the weights are shifted', async (t) => {
  const { url } = await serve.getAppHandle('classify-v1');
  const stickyBy = { query: 'user' } as const;
  await serve.traffic('/classify', { v1: 0.5, v2: 0.5 }, { stickyBy });
  const loads = Array.from({ length: 16 }, (_, i) => new HttpLoad(`${url}?user=u${i}`, 2));
  t.after(() => Promise.all(loads.map((load) => load.stop())));
  const answered = (count: number) => Promise.all(loads.map((load) => load.answered(count)));
  await answered(50);
  await killAndAwaitSuccessor(listLocalClusters()[0]?.dir ?? assert.fail(), 'controller');
  await answered(50);
  await serve.traffic('/classify', { v1: 0.2, v2: 0.8 }, { stickyBy });
  await answered(50);
  let moved = 0;
  for (const load of loads) {
    const all = await load.stop();
    assert.deepEqual(countStatuses(all), { 200: all.length });
    const changes = all.filter(({ body }, i) => i > 1 && body !== all[i - 2]?.body).length;
    if (all.at(-1)?.body !== all[0]?.body) moved += 1;
    // Answers change only from v1 to v2, at once and permanently. There are two connections, so the answers around the shift may come in either
    // order.
    if (all[0]?.body === 'v2') assert.equal(changes, 0);
    assert.ok(changes <= 4, `${changes} changes`);
  }
  assert.ok(moved < 12, `${moved} of 16 moved`);
});
