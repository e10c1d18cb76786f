import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { Broken, Chat, Doubler, Slow } from '../fixtures/apps.js';
import { HttpLoad } from '../fixtures/http-load.js';
import { trustedHeaders } from '../fixtures/trusted.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const quick = { metricsInterval: 50, lookBackPeriod: 300, upscaleDelay: 100, downscaleDelay: 300 };

const runningOf = async (app: string) => {
  const { applications } = await serve.status();
  const replicas = Object.values(applications[app]?.deployments ?? {})[0]?.replicas ?? [];
  return replicas.filter(({ state }) => state === 'RUNNING').length;
};

test('requests to a deployment that sleeps wait for its first replica, by HTTP and by handle, and it falls asleep again', async () => {
  const autoscaling = { ...quick, minReplicas: 0, maxReplicas: 2 };
  const chat = await serve.run(Chat.options({ autoscaling }).bind({ msg: 'Yes... ' }), { name: 'sleeper' });
  assert.equal(await runningOf('sleeper'), 0);
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => (await fetch(chat.url, { method: 'POST', body: '{"input":"hello"}' })).json()),
  );
  for (const answer of answers) assert.deepEqual(answer, { result: 'Yes... hello' });
  await until(async () => (await runningOf('sleeper')) === 0);
  assert.equal(await chat.getResponse.remote('again'), 'Yes... again');
  await until(async () => (await runningOf('sleeper')) === 0);
});

test('replicas follow the load of handles and of HTTP', async () => {
  const autoscaling = { ...quick, minReplicas: 1, maxReplicas: 3, targetOngoingRequests: 4 };
  const slow = await serve.run(Slow.options({ autoscaling }).bind('v1'), { name: 'slow', routePrefix: '/slow' });
  assert.equal(await runningOf('slow'), 1);
  const load = new HttpLoad(slow.url, 24);
  await until(async () => (await runningOf('slow')) === 3);
  const answers = await load.stop();
  assert.ok(answers.every(({ status }) => status === 200));
  await until(async () => (await runningOf('slow')) === 1);
});

test('a sleeper whose constructor throws answers with that error', async () => {
  const broken = await serve.run(Broken.options({ autoscaling: { ...quick, minReplicas: 0 } }).bind('no model'), {
    name: 'broken',
    routePrefix: '/broken',
  });
  const response = await fetch(broken.url, { headers: trustedHeaders(broken.url) });
  assert.equal(response.status, 503);
  assert.match(await response.text(), /NBS_NO_REPLICA.*no model/);
  await serve.delete('broken');
});

test('numReplicas and autoscaling exclude each other, and the later option holds', async () => {
  assert.throws(
    () => Doubler.options({ numReplicas: 2, autoscaling: { maxReplicas: 2 } }),
    (error) => isNbserveError(error) && error.code === 'NBS_OPTIONS_EXCLUDE',
  );
  assert.throws(() => Doubler.options({ autoscaling: { minReplicas: 2 } }), /maxReplicas must be at least minReplicas/);
  Doubler.options({ autoscaling: { maxReplicas: 2 } }).options({ numReplicas: 2 });
  Doubler.options({ numReplicas: 'auto', autoscaling: { maxReplicas: 2 } });
});
