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

test('scale 1 -> 4 -> 1 -> 0 -> 1 under load fails no request', async () => {
  const quick = { metricsInterval: 50, lookBackPeriod: 200, upscaleDelay: 50, downscaleDelay: 200 };
  const autoscaling = { ...quick, minReplicas: 0, maxReplicas: 4, initialReplicas: 1, targetOngoingRequests: 6 };
  const slow = await serve.run(Slow.options({ autoscaling }).bind('v1'), { name: 'slow' });
  const all = [];
  const one = new HttpLoad(slow.url, 1);
  const many = new HttpLoad(slow.url, 31);
  await until(async () => (await running()) === 4);
  await many.answered(500);
  all.push(...(await many.stop()));
  // One client stays while replicas are taken away.
  await until(async () => (await running()) === 1);
  await one.answered(20);
  all.push(...(await one.stop()));
  await until(async () => (await running()) === 0);
  const again = new HttpLoad(slow.url, 4);
  await again.answered(50);
  all.push(...(await again.stop()));
  assert.deepEqual(Object.keys(countStatuses(all)), ['200']);
});
