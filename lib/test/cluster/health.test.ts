import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Chat, Moody, Slow, WithoutDatabase } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const runningOf = async (app: string) => {
  const { applications } = await serve.status();
  const replicas = Object.values(applications[app]?.deployments ?? {})[0]?.replicas ?? [];
  return replicas.filter(({ state }) => state === 'RUNNING');
};

test('a replica that hangs (SIGSTOP) is replaced after the health deadline; what it had begun gets a coded 504', async () => {
  const options = { numReplicas: 2, healthCheckPeriod: 100, healthCheckTimeout: 500, maxOngoingRequests: 8 };
  const slow = await serve.run(Slow.options(options).bind('v1'), { name: 'slow' });
  const [victim] = await until(async () => {
    const replicas = await runningOf('slow');
    return replicas.length === 2 && replicas.every(({ pid }) => pid !== null) && replicas;
  });
  const load = new HttpLoad(slow.url);
  await load.answered(100);
  process.kill(victim?.pid as number, 'SIGSTOP');
  await until(async () => !(await runningOf('slow')).some(({ id }) => id === victim?.id));
  await until(async () => (await runningOf('slow')).length === 2);
  await load.answered(100);
  const answers = await load.stop();
  for (const { status, body } of answers) if (status !== 200) assert.match(`${status} ${body}`, /^504 .*NBS_REPLICA_HUNG/);
  assert.ok((countStatuses(answers)[504] ?? 0) <= 8);
});

test('a call that a hanging replica had begun gets NBS_REPLICA_HUNG, one that it had not is answered by its successor', async () => {
  const options = { healthCheckPeriod: 100, healthCheckTimeout: 500 };
  const chat = await serve.run(Chat.options(options).bind({ msg: '' }), { name: 'hung', routePrefix: null });
  const begun = assert.rejects(chat.nap.remote(600_000), (error: Error & { code?: string; status?: number }) => {
    assert.deepEqual([error.code, error.status], ['NBS_REPLICA_HUNG', 504]);
    return true;
  });
  // This began after the nap, on the same connection.
  const pid = await chat.pid.remote();
  process.kill(pid, 'SIGSTOP');
  assert.notEqual(await chat.pid.remote(), pid);
  await begun;
});

test('a replica whose checkHealth throws is replaced, and the status says why', async () => {
  const moody = await serve.run(Moody.options({ healthCheckPeriod: 50, userConfig: { mood: 'good' } }).bind(), {
    name: 'moody',
    routePrefix: '/moody',
  });
  const pid = await moody.pid.remote();
  await moody.sour.remote();
  await until(async () => (await runningOf('moody')).some((replica) => replica.pid !== null && replica.pid !== pid));
  // The routes arrive a moment after the status.
  const mood = async () => moody.mood.remote();
  assert.equal(await until(() => mood().catch(() => null)), 'good');
});

test('a replica whose constructor began work that fails later, in an object of its own, is replaced', async () => {
  const options = { healthCheckPeriod: 50 };
  const lost = await serve.run(WithoutDatabase.options(options).bind(), { name: 'lost', routePrefix: null });
  const pid = await lost.pid.remote();
  await until(async () => (await runningOf('lost')).some((replica) => replica.pid !== null && replica.pid !== pid));
});

test('a replica is replaced if work of its module fails later, and no code handles that', async () => {
  process.env.NBS_TEST_DRIVER = 'yes';
  const { Answer } = await import('../fixtures/late-function.js');
  delete process.env.NBS_TEST_DRIVER;
  const answer = await serve.run(Answer.options({ env: { NBS_TEST_DRIVER: 'no' } } as never).bind(), {
    name: 'late',
    routePrefix: null,
  });
  const { pid } = await answer.remote({ probe: true });
  await until(async () => (await runningOf('late')).some((replica) => replica.pid !== null && replica.pid !== pid));
});

test('userConfig changes a running replica without a restart; what reconfigure throws rejects the deploy', async () => {
  const run = (mood: string) =>
    serve.run(Moody.options({ userConfig: { mood } }).bind(), { name: 'configured', routePrefix: '/configured' });
  const moody = await run('calm');
  const pid = await moody.pid.remote();
  await run('merry');
  assert.equal(await moody.mood.remote(), 'merry');
  assert.equal(await moody.pid.remote(), pid);
  await assert.rejects(run('bad'), /no bad moods/);
  assert.equal(await moody.mood.remote(), 'merry');
  assert.equal(await moody.pid.remote(), pid);
  await assert.rejects(
    serve.run(Slow.options({ userConfig: 1 }).bind('v1'), { name: 'none', routePrefix: null }),
    /no method reconfigure/,
  );
});
