import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { type CanaryOptions, type CanaryStatus, serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { Classify } from '../fixtures/apps.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const quick = { steps: [0.2, 0.6, 1], interval: '300ms', minRequests: 40, latencySlack: '1s' } satisfies Partial<CanaryOptions>;

let load: HttpLoad;
let url = '';
afterEach(async () => {
  await load.stop();
});

/** Starts a base under load, and a version to try. */
async function begin(version: string, options: { failing?: number; delayMs?: number }, canary: Partial<CanaryOptions> = {}) {
  const base = await serve.run(Classify.options({ version: 'base' }).bind({ version: 'base', delayMs: 2 }), {
    name: 'base',
    routePrefix: '/classify',
  });
  url = base.url;
  await serve.run(Classify.options({ version }).bind({ version, delayMs: 2, ...options }), { name: 'tried', routePrefix: null });
  load = new HttpLoad(url, 8);
  return serve.canary('/classify', { to: version, ...quick, ...canary });
}

const versionNow = async () => (await fetch(url)).headers.get('x-version');

test('a version that does well gets a growing part, and in the end every request', async () => {
  const canary = await begin('good', {});
  const weights = new Set<number>();
  let status: CanaryStatus;
  do {
    status = await canary.status();
    weights.add(status.weight);
    assert.equal((await serve.status()).traffic['/classify']?.canary?.to, 'tried');
  } while (status.state === 'RUNNING');
  const { state, message } = await canary.done;
  assert.equal(state, 'PROMOTED', message);
  assert.match(message, /passed all 3 steps; in the last one: \d+ requests, error rate 0 %/);
  // On a busy machine, the test may miss a step, but it never sees one out of order.
  const steps = [0.2, 0.6, 1];
  assert.deepEqual(
    [...weights],
    steps.filter((step) => weights.has(step)),
  );
  assert.ok(weights.has(1));
  assert.equal(await versionNow(), 'good');
  const before = load.answers.length;
  await load.answered(50);
  assert.ok(load.answers.slice(before + 8).every(({ body }) => body === 'good'));
  // The base may be deleted: no route leads to it.
  await serve.delete('base');
  assert.equal(await versionNow(), 'good');
  assert.ok((await load.stop()).every(({ status }) => status === 200));
  await serve.traffic('/classify', null);
});

test('a version that fails too often is rolled back, and the reason says how often', async () => {
  const canary = await begin('ill', { failing: 0.25 }, { maxErrorRate: 0.05 });
  const { state, message, weight } = await canary.done;
  assert.deepEqual([state, weight], ['ROLLED_BACK', 0], message);
  assert.match(message, /^error rate [\d.]+ % \(\d+ of \d+ requests\), allowed 5 %, at 20 %$/);
  assert.equal(await versionNow(), 'base');
  const { versions } = (await serve.traffic('/classify')) ?? assert.fail();
  assert.equal(versions.tried?.weight, 0);
  assert.ok((versions.tried?.failures ?? 0) > 2);
});

test('a version that is too slow is rolled back, and the reason says how slow', async () => {
  const canary = await begin('slow', { delayMs: 60 }, { latencySlack: '2ms', maxLatencyRatio: 2 });
  const { state, message } = await canary.done;
  assert.equal(state, 'ROLLED_BACK', message);
  assert.match(
    message,
    /^p95 latency [\d.]+ ms \(of \d+ requests\) is [\d.]+ times that of the base, [\d.]+ ms; allowed [\d.]+ ms/,
  );
  assert.equal(await versionNow(), 'base');
});

test('a canary waits for requests and says so; it can be aborted', async () => {
  const canary = await begin('good', {});
  await load.stop();
  const idle = await serve.canary('/classify', { to: 'good', ...quick });
  assert.match((await canary.done).message, /other weights were set/);
  await until(async () => /waits for requests: \d+ of 40 measured$/.test((await idle.status()).message));
  const { state, message } = await idle.abort('not today');
  assert.deepEqual([state, message], ['ABORTED', 'not today']);
  assert.deepEqual(await idle.done, await idle.status());
  assert.equal(await versionNow(), 'base');
});

test('the controller is killed in the middle of a canary, and the canary goes on', async () => {
  const canary = await begin('good', {}, { interval: '1s' });
  const done = canary.done;
  await until(async () => (await canary.status()).step === 1);
  await killAndAwaitSuccessor(listLocalClusters()[0]?.dir ?? assert.fail(), 'controller');
  assert.ok((await canary.status()).step >= 1);
  const { state, message } = await done;
  assert.equal(state, 'PROMOTED', message);
  assert.equal(await versionNow(), 'good');
  assert.ok((await load.stop()).every(({ status }) => status === 200));
});
