import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Slow } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const running = async () => {
  const { applications } = await serve.status();
  return (applications.slow?.deployments.Slow?.replicas ?? []).filter(({ state }) => state === 'RUNNING').length;
};

test('scale 1 -> 4 -> 1 -> 0 -> 1 under 32 connections and 10,000 requests fails none', async () => {
  const quick = { metricsInterval: 50, lookBackPeriod: 200, upscaleDelay: 50, downscaleDelay: 200 };
  const autoscaling = { ...quick, minReplicas: 0, maxReplicas: 4, initialReplicas: 1, targetOngoingRequests: 6 };
  const run = (maxReplicas: number) =>
    serve.run(Slow.options({ autoscaling: { ...autoscaling, maxReplicas } }).bind('v1'), { name: 'slow' });
  const { url } = await run(4);
  const load = new HttpLoad(url);
  await until(async () => (await running()) === 4);
  await load.total(4500);
  // A smaller bound takes effect at once, so three of four replicas drain under load.
  await run(1);
  await until(async () => (await running()) === 1);
  await load.total(9000);
  const answers = [...(await load.stop())];
  await until(async () => (await running()) === 0);
  const again = new HttpLoad(url);
  await again.total(1000);
  answers.push(...(await again.stop()));
  assert.ok(answers.length >= 10_000);
  assert.deepEqual(Object.keys(countStatuses(answers)), ['200']);
});
