import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { type Message, TestClient } from '../fixtures/grpc-clients.js';
import { until } from '../fixtures/wait.js';

class Versioned {
  constructor(private readonly version: string) {}

  tell() {
    return this.version;
  }

  fail() {
    if (this.version === 'v2') throw new Error('the new model is broken');
    return this.version;
  }

  async pause() {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return this.version;
  }

  refuse() {
    throw Object.assign(new Error('no such thing'), { code: 'NOT_FOUND' });
  }
}
const VersionedDeployment = serve.deployment(Versioned);

let generic: TestClient;

before(async () => {
  await serve.start({ port: 0, grpc: { port: 0 } });
  await serve.run(VersionedDeployment.bind('v1'), { name: 'v1', routePrefix: '/model' });
  await serve.run(VersionedDeployment.bind('v2'), { name: 'v2', routePrefix: null });
  generic = new TestClient((await serve.status()).grpc, 'nbserve.v1.Serve');
});
after(async () => {
  generic.close();
  await serve.shutdown();
});

async function answersOf(count: number, metadata: Readonly<Record<string, string>>, method = 'tell'): Promise<string[]> {
  const calls = Array.from({ length: count }, () => generic.call('Call', { method }, { metadata }));
  return (await Promise.all(calls)).map(({ message, code }) =>
    code === 0 ? (JSON.parse(((message as Message).result as { json: string }).json) as string) : `failed with ${code}`,
  );
}
const counted = (answers: readonly string[], wanted: string): number => answers.filter((answer) => answer === wanted).length;

test('calls to the application that owns a split route are divided by weight', async () => {
  assert.deepEqual([...new Set(await answersOf(10, { application: 'v1' }))], ['v1']);
  await serve.traffic('/model', { v1: 0.75, v2: 0.25 });
  const answers = await answersOf(40, { application: 'v1' });
  assert.equal(counted(answers, 'v1') + counted(answers, 'v2'), 40);
  assert.ok(Math.abs(counted(answers, 'v2') - 10) <= 1, `${counted(answers, 'v2')} of 40 calls went to v2`);
  assert.deepEqual([...new Set(await answersOf(10, { application: 'v2' }))], ['v2'], 'a version can be named');
});

test('metadata keep a user at one version', async () => {
  await serve.traffic('/model', { v1: 0.5, v2: 0.5 }, { stickyBy: { header: 'x-user' } });
  const users = Array.from({ length: 12 }, (_, user) => answersOf(3, { application: 'v1', 'x-user': `user-${user}` }));
  const seen = (await Promise.all(users)).map((answers) => [...new Set(answers)]);
  assert.ok(seen.every(({ length }) => length === 1));
  assert.equal(new Set(seen.flat()).size, 2);
});

test('the results of calls count for their version, and refusals are no failures', async () => {
  await serve.traffic('/model', { v1: 0, v2: 1 });
  assert.deepEqual(await answersOf(3, { application: 'v1' }, 'fail'), Array(3).fill('failed with 13'));
  assert.deepEqual(await answersOf(2, { application: 'v1' }, 'refuse'), Array(2).fill('failed with 5'));
  await until(async () => ((await serve.traffic('/model'))?.versions.v2?.requests ?? 0) >= 5);
  assert.equal((await serve.traffic('/model'))?.versions.v2?.failures, 3);
});

test('a full queue is a failure of its version, as it is over HTTP', async () => {
  const full = VersionedDeployment.options({ maxOngoingRequests: 1, maxQueuedRequests: 0 });
  await serve.run(full.bind('v3'), { name: 'v3', routePrefix: null });
  await serve.traffic('/model', { v1: 0, v3: 1 });
  const answers = await answersOf(4, { application: 'v1' }, 'pause');
  const refused = counted(answers, 'failed with 8');
  assert.ok(refused > 0 && refused + counted(answers, 'v3') === 4, answers.join());
  await until(async () => ((await serve.traffic('/model'))?.versions.v3?.requests ?? 0) >= 4);
  assert.equal((await serve.traffic('/model'))?.versions.v3?.failures, refused);
  await serve.traffic('/model', { v1: 1 });
  await serve.delete('v3');
});

test('a call that names no application follows the split of the route /', async () => {
  await serve.traffic('/model', null);
  await serve.traffic('/', { v1: 0.5, v2: 0.5 });
  const answers = await answersOf(20, {});
  assert.equal(counted(answers, 'v1') + counted(answers, 'v2'), 20);
  // The sequence begins at a random place, so a share may be missed by one call.
  assert.ok(Math.abs(counted(answers, 'v1') - 10) <= 1, `${counted(answers, 'v1')} of 20 calls went to v1`);
  await serve.traffic('/', null);
  assert.deepEqual([...new Set(await answersOf(5, { application: 'v1' }))], ['v1']);
});
