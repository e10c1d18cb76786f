import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { Slow } from '../fixtures/apps.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { type Answer, HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const CONNECTIONS = 32;
const MAX_ONGOING = 8;
const ROUNDS = 10;
const OPTIONS = { numReplicas: 3, maxOngoingRequests: MAX_ONGOING };
/** The replicas are full all the time with 400 requests a second. With more, the processors would do little else. */
const ANSWER_MS = 60;

const running = async () => {
  const { applications } = await serve.status();
  return (applications.slow?.deployments.Slow?.replicas ?? []).filter(({ state, pid }) => state === 'RUNNING' && pid !== null);
};
const allRun = () =>
  until(async () => {
    const replicas = await running();
    return replicas.length === OPTIONS.numReplicas && replicas;
  });
const failed = (answers: readonly Answer[]) => answers.filter(({ status }) => status !== 200);

test('SIGKILL of replica, proxy and controller in turn, ten times each, under 32 connections and 10,000 requests', async (t) => {
  const slow = await serve.run(Slow.options(OPTIONS).bind('v1', ANSWER_MS), { name: 'slow' });
  const [{ dir } = assert.fail('no cluster')] = listLocalClusters();
  const load = new HttpLoad(slow.url, CONNECTIONS);
  t.after(() => load.stop());
  await load.answered(100);
  /** The answers from a kill until everything runs again, and for a while after that. */
  const during = async (kill: () => Promise<void>): Promise<readonly Answer[]> => {
    const from = load.answers.length;
    await kill();
    await allRun();
    // By then, each connection has finished its current request, and later ones.
    await load.answered(4 * CONNECTIONS);
    return failed(load.answers.slice(from));
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    const [victim] = await allRun();
    const ofReplica = await during(async () => {
      process.kill(victim?.pid as number, 'SIGKILL');
      await until(async () => !(await running()).some(({ id }) => id === victim?.id));
    });
    // Only requests that it had begun may fail, and with its code.
    for (const { status, body } of ofReplica) assert.match(`${status} ${body}`, /^503 .*NBS_REPLICA_DIED/);
    assert.ok(ofReplica.length <= MAX_ONGOING, `${ofReplica.length} requests failed with one replica`);

    // Connections end with their proxy. A client that connects again reaches the next proxy.
    const ofProxy = await during(() => killAndAwaitSuccessor(dir, 'proxy'));
    for (const { status, body } of ofProxy)
      assert.deepEqual([status, /ECONNRESET|socket hang up|EPIPE/.test(body)], [0, true], body);
    assert.ok(ofProxy.length <= CONNECTIONS, `${ofProxy.length} requests failed with one proxy`);

    const ofController = await during(() => killAndAwaitSuccessor(dir, 'controller'));
    assert.deepEqual(ofController, [], 'nobody notices that the controller died');
    await load.total((round * 10_000) / ROUNDS);
  }
  assert.ok((await load.stop()).length >= 10_000);
});

test('SIGKILL of the controller in the middle of a rolling update: its successor goes on, and no request fails', async (t) => {
  const rolling = { ...OPTIONS, rollingUpdate: { maxSurge: 1 } };
  const slow = await serve.run(Slow.options(rolling).bind('before', ANSWER_MS), { name: 'slow' });
  const [{ dir } = assert.fail('no cluster')] = listLocalClusters();
  const load = new HttpLoad(slow.url, CONNECTIONS);
  t.after(() => load.stop());
  await load.answered(100);
  const update = serve.run(Slow.options(rolling).bind('after', ANSWER_MS), { name: 'slow' });
  await until(async () =>
    (await serve.status()).applications.slow?.deployments.Slow?.message.startsWith('rolling update: 1 of 3'),
  );
  await killAndAwaitSuccessor(dir, 'controller');
  await update;
  await load.answered(2 * CONNECTIONS);
  const from = load.answers.length;
  await load.answered(200);
  const answers = await load.stop();
  assert.deepEqual(failed(answers), []);
  for (const { body } of answers.slice(from)) assert.match(body, /"after"/);
});
