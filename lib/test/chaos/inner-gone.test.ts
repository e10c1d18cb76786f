import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { replaceFile } from '../fixtures/replace-file.js';
import { Front, Inner } from '../fixtures/switched-apps.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-inner-'));
const FAULT = join(folder, 'fault');
const env = { FAULT };

after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

const statusOf = async (app: string) => (await serve.status()).applications[app];

test('a front that is killed with an inner deployment that cannot start says so, answers 503, and comes back with it', async () => {
  replaceFile(FAULT, '');
  await serve.start({ port: 0 });
  const front = await serve.run(Front.options({ env }).bind(Inner.options({ env }).bind() as never), { name: 'both' });
  const { pid, inner } = (await (await fetch(front.url)).json()) as { pid: number; inner: number };
  replaceFile(FAULT, 'the model is gone');
  process.kill(inner, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  const answer = await until(async () => {
    const response = await fetch(front.url);
    const body = await response.text();
    return !body.includes('NBS_REPLICA_DIED') && { status: response.status, body };
  });
  assert.match(`${answer.status} ${answer.body}`, /^503 .*NBS_NO_REPLICA/);
  const status = await until(async () => {
    const app = await statusOf('both');
    return app?.deployments.Inner?.status === 'FAILED' && app;
  });
  assert.equal(status.status, 'UNHEALTHY');
  const { Front: shown } = status.deployments;
  assert.equal(shown?.status, 'UNHEALTHY');
  assert.match(shown?.message ?? '', /0 of 1 replicas run; waits for Inner: .*the model is gone/);
  // It answers at once, because a caller waited for it before.
  const again = await fetch(front.url);
  assert.match(`${again.status} ${await again.text()}`, /^503 .*NBS_NO_REPLICA/);
  replaceFile(FAULT, '');
  await until(async () => (await fetch(front.url)).status === 200);
  await until(async () => (await statusOf('both'))?.status === 'RUNNING');
});

test('a sleeper that cannot start is shown as failed, awake or asleep, and answers 503 at once until it can', async () => {
  replaceFile(FAULT, 'no model');
  const autoscaling = { minReplicas: 0, metricsInterval: 50, lookBackPeriod: 200, downscaleDelay: 200 };
  const { url } = await serve.run(Inner.options({ env, autoscaling }).bind(), { name: 'sleeper', routePrefix: '/sleeper' });
  const ask = async () => {
    const response = await fetch(url);
    return `${response.status} ${await response.text()}`;
  };
  assert.match(await ask(), /^503 .*NBS_NO_REPLICA/);
  const asleep = await until(async () => {
    const { Inner: shown } = (await statusOf('sleeper'))?.deployments ?? {};
    return shown?.numReplicas === 0 && shown.replicas.length === 0 && shown;
  });
  assert.equal(asleep.status, 'FAILED');
  assert.match(asleep.message, /no replica runs until a request comes, and the last one failed: .*no model/);
  assert.equal((await statusOf('sleeper'))?.status, 'UNHEALTHY');
  assert.match(await ask(), /^503 .*NBS_NO_REPLICA/);
  replaceFile(FAULT, '');
  await until(async () => (await ask()).startsWith('200'));
  await until(async () => (await statusOf('sleeper'))?.deployments.Inner?.status === 'HEALTHY');
  await until(async () => (await statusOf('sleeper'))?.deployments.Inner?.numReplicas === 0);
  assert.match(await ask(), /^200/, 'it waits again');
});
