import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import type { ActorPool } from 'nbserve/actors';
import { anonymous, counters, startPool, wrapped } from '../fixtures/actors-app.js';
import { isRunning, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const pids = (pool: ActorPool): Promise<number[]> =>
  Promise.all(pool.workers.map((worker) => worker.call('pid', []) as Promise<number>));

test('each worker is a process with an instance of its own; all end with the pool', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[0], [100]], env: { COUNTER_NOTE: 'kept' } });
  const [first, second] = pool.workers;
  assert.equal(await first?.call('add', [1]), 1);
  assert.equal(await first?.call('add', [1]), 2);
  assert.equal(await second?.call('add', [1]), 101);
  assert.equal(await second?.call('memory', []), 'kept');
  const ids = await pids(pool);
  assert.equal(new Set([process.pid, ...ids]).size, 3);
  assert.equal(await first?.pid(), ids[0]);
  assert.equal((await serve.status()).applications[pool.name]?.routePrefix, null);
  await pool.close();
  await until(() => !ids.some(isRunning));
  assert.equal((await serve.status()).applications[pool.name], undefined);
  await assert.rejects(async () => first?.call('add', [1]), { code: 'NBS_WORKER_DEAD', message: /its pool was closed/ });
  await assert.rejects(pool.run('add', [1]), { code: 'NBS_NO_WORKER' });
});

test('a free worker takes the next call, and calls wait in their order', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[0], [0]] });
  const ids = await pids(pool);
  const ran = await Promise.all([0, 1, 2, 3].map(() => pool.run('sleep', [30])));
  assert.deepEqual([...new Set(ran)].sort(), [...ids].sort());
  assert.equal(new Set(ran.slice(0, 2)).size, 2);
});

test('typed arrays, generators and functions', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[0]] });
  const values = Float32Array.from([1, 2.5]);
  assert.deepEqual(await pool.run('twice', [values]), { values: Float32Array.from([2, 5]), big: new BigInt64Array([2n ** 60n]) });
  const [worker] = pool.workers;
  const seen: unknown[] = [];
  for await (const item of worker?.stream('numbers', [1000]) ?? []) {
    seen.push(item);
    if (seen.length === 3) break;
  }
  assert.deepEqual(
    seen,
    [0, 1, 2].map((n) => new Int32Array([n])),
  );
  await assert.rejects(pool.run('fail', []), { name: 'TypeError', message: 'not today', stack: /actors-app/ });
  await using functions = await startPool(anonymous, { kind: 'test', args: [[]] });
  assert.equal(await functions.run('call', [1]), 2);
});

test('a module of nbserve may wrap what the user gave', async () => {
  const wrapper = new URL('../fixtures/actors-wrapper.js', import.meta.url).href;
  await using pool = await startPool(wrapped, { kind: 'test', args: [['!']], wrapper });
  assert.equal(await pool.run('shout', ['hello']), 'HELLO!');
});

test('a worker that is killed during a call: the call rejects with a code, and a new process takes its place', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[7]] });
  const [worker] = pool.workers;
  assert.equal(await worker?.call('add', [1]), 8);
  const call = pool.run('sleep', [600_000]);
  // Calls of one worker begin in their order.
  const pid = (await worker?.call('pid', [])) as number;
  process.kill(pid, 'SIGKILL');
  await assert.rejects(call, { code: 'NBS_WORKER_DIED', message: /worker 0 of test-\w+: its process died while it ran sleep/ });
  assert.equal(await worker?.call('add', [1]), 8, 'a new instance');
  assert.notEqual(await worker?.pid(), pid);
});

test('without restart, a dead worker stays dead, and the others go on with what they do', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[1], [2]], restart: false });
  const [first, second] = pool.workers;
  assert.equal(await second?.call('add', [5]), 7);
  const secondPid = await second?.pid();
  const slow = second?.call('sleep', [500]);
  const call = first?.call('sleep', [600_000]);
  const pid = (await first?.call('pid', [])) as number;
  process.kill(pid, 'SIGKILL');
  await assert.rejects(async () => call, { code: 'NBS_WORKER_DIED' });
  assert.deepEqual(pool.workers, [second]);
  await assert.rejects(async () => first?.call('add', [1]), { code: 'NBS_WORKER_DEAD', message: /its process died/ });
  assert.equal(await slow, secondPid);
  await until(async () => Object.keys((await serve.status()).applications[pool.name]?.deployments ?? {}).length === 1);
  const [third] = await pool.add([[30]]);
  assert.equal(await third?.call('add', [1]), 31);
  assert.equal(third?.index, 2);
  assert.equal(await second?.call('add', [1]), 8, 'the same instance');
  await pool.remove(second as NonNullable<typeof second>);
  await pool.remove(third as NonNullable<typeof third>);
  await assert.rejects(pool.run('add', [1]), { code: 'NBS_NO_WORKER' });
});

test('a call can be cancelled, in a queue too', async () => {
  await using pool = await startPool(counters, { kind: 'test', args: [[0]] });
  const abort = new AbortController();
  const running = pool.run('sleep', [600_000], { signal: abort.signal });
  const waiting = pool.run('add', [1], { signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(running, { message: 'enough' });
  await assert.rejects(waiting, { message: 'enough' });
  assert.equal(await pool.run('add', [1]), 1);
  const late = assert.rejects(pool.run('sleep', [600_000]), { code: 'NBS_WORKER_DEAD' });
  await pool.close();
  await late;
});

test('a constructor that throws, or resources that no node has, start no pool and leave nothing', async () => {
  await assert.rejects(startPool(counters, { kind: 'test', args: [[1], [-1]] }), {
    name: 'RangeError',
    message: '-1 is below 0',
  });
  const resources = { gpu: 0.1, custom: { unobtainium: 1 } };
  await assert.rejects(startPool(counters, { kind: 'test', args: [[1]], resources }), { code: 'NBS_NEVER_FITS' });
  assert.deepEqual((await serve.status()).applications, {});
});

test('workers that each fit, and do not fit together, start no pool; one more than fits is not added', async () => {
  const resources = { cpu: availableParallelism() };
  const code = 'NBS_POOL_NO_ROOM';
  await assert.rejects(startPool(counters, { kind: 'test', args: [[1], [2]], resources }), { code, message: /room for 1/ });
  assert.deepEqual((await serve.status()).applications, {});
  await using pool = await startPool(counters, { kind: 'test', args: [[1]], resources });
  await assert.rejects(pool.add([[2]]), { code, message: /needs 2 workers/ });
  assert.equal(await pool.run('add', [1]), 2);
});

test('parts of a GPU that no GPU has left are no room', async () => {
  await serve.shutdown();
  await serve.start({ numGpus: 2 });
  const start = (workers: number) =>
    startPool(counters, { kind: 'test', args: Array.from({ length: workers }, () => [0]), resources: { gpu: 0.4 } });
  await using _fits = await start(4);
  await assert.rejects(start(5), { code: 'NBS_POOL_NO_ROOM', message: /room for 4: .* has gpu 2/ });
});
