import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Slow } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const running = async () => {
  const { applications } = await serve.status();
  return (applications.slow?.deployments.Slow?.replicas ?? []).filter(({ state }) => state === 'RUNNING');
};

test('SIGKILL of a replica under 32 connections: only requests it had begun fail, with a coded 503', async () => {
  const slow = await serve.run(Slow.options({ numReplicas: 2, maxOngoingRequests: 8 }).bind('v1'), { name: 'slow' });
  const load = new HttpLoad(slow.url);
  await load.answered(200);
  for (let kill = 0; kill < 5; kill += 1) {
    const [victim] = await until(async () => {
      const replicas = await running();
      return replicas.length === 2 && replicas;
    });
    process.kill(victim?.pid as number, 'SIGKILL');
    await until(async () => !(await running()).some(({ id }) => id === victim?.id));
    await load.answered(200);
  }
  const answers = await load.stop();
  const failed = answers.filter(({ status }) => status !== 200);
  for (const { status, body } of failed) {
    assert.equal(status, 503, body);
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'NBS_REPLICA_DIED');
  }
  // A replica works on at most 8 requests at the same time. If more failed, some of them had not begun.
  assert.ok(failed.length <= 5 * 8, `${failed.length} failed: ${JSON.stringify(countStatuses(answers))}`);
});

test('SIGKILL of the only replica: what it had not begun waits for its successor', async () => {
  const slow = await serve.run(Slow.options({ maxOngoingRequests: 4 }).bind('alone'), { name: 'slow' });
  const load = new HttpLoad(slow.url);
  await load.answered(100);
  const [victim] = await running();
  process.kill(victim?.pid as number, 'SIGKILL');
  await load.answered(200);
  const answers = await load.stop();
  const failed = answers.filter(({ status }) => status !== 200);
  for (const { status, body } of failed) assert.match(`${status} ${body}`, /^503 .*NBS_REPLICA_DIED/);
  assert.ok(failed.length <= 4, `${failed.length} failed`);
});

test('an idempotent deployment fails none at all', async () => {
  const slow = await serve.run(Slow.options({ numReplicas: 2, maxOngoingRequests: 8, idempotent: ['fetch'] }).bind('v2'), {
    name: 'slow',
  });
  const load = new HttpLoad(slow.url);
  await load.answered(200);
  const [victim] = await until(async () => {
    const replicas = await running();
    return replicas.length === 2 && replicas;
  });
  process.kill(victim?.pid as number, 'SIGKILL');
  await load.answered(400);
  assert.deepEqual(Object.keys(countStatuses(await load.stop())), ['200']);
});
