import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { Batched, Multi } from '../fixtures/batching-apps.js';

let batched: DeploymentHandle<typeof Batched>;
let multi: DeploymentHandle<typeof Multi>;

before(async () => {
  batched = await serve.run(Batched.bind(), { name: 'batched', routePrefix: '/batched' });
  multi = await serve.run(Multi.bind(), { name: 'multi', routePrefix: '/multi' });
});
after(() => serve.shutdown());

const range = (count: number) => Array.from({ length: count }, (_, i) => i + 100);
const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);

test('requests over HTTP that come together are answered in batches, each with its own answer', async () => {
  const numbers = range(320);
  const left = [...numbers];
  const answers = new Map<number, unknown>();
  const client = async (): Promise<void> => {
    for (let n = left.shift(); n !== undefined; n = left.shift())
      answers.set(n, await (await fetch(`${batched.url}?n=${n}`)).json());
  };
  await Promise.all(Array.from({ length: 32 }, client));
  for (const n of numbers) assert.deepEqual(answers.get(n), { answer: n + 1 });
  const sizes = await batched.sizes.remote();
  assert.equal(sum(sizes), 320);
  assert.ok(Math.max(...sizes) <= 8);
  assert.ok(320 / sizes.length > 2, `batches are small: ${sizes.join(' ')}`);
});

test('calls by handle are joined too, with lists of any length', async () => {
  const calls = [range(3), range(1), range(20), range(2)];
  const answers = await Promise.all(calls.map((numbers) => batched.addOne.remote(numbers)));
  assert.deepEqual(
    answers,
    calls.map((numbers) => numbers.map((n) => n + 1)),
  );
  const sizes = await batched.sizes.remote();
  assert.equal(sum(sizes), 26);
  assert.equal(Math.max(...sizes), 8, 'a long list is cut');
});

test('an item that fails fails its own request only', async () => {
  const [good, bad] = await Promise.all([fetch(`${batched.url}?n=1`), fetch(`${batched.url}?n=13`)]);
  assert.deepEqual(await good.json(), { answer: 2 });
  assert.equal(bad.status, 422);
  assert.match(await bad.text(), /13 is unlucky/);
  await assert.rejects(async () => batched.addOne.remote([13]), { name: 'RangeError' });
  await assert.rejects(async () => batched.addOne.remote(3 as never), { code: 'NBS_BATCH_CALL' });
  await batched.sizes.remote();
});

test('a stream is split back to its callers', async () => {
  const read = async (n: number): Promise<unknown[]> => {
    const seen: unknown[] = [];
    for await (const [item] of batched.countTo.remote([n])) seen.push(item);
    return seen;
  };
  assert.deepEqual(await Promise.all([read(4), read(1), read(2)]), [[1, 2, 3, 4], [1], [1, 2]]);
});

test('sizes are changed in a running replica', async () => {
  await batched.reduce.remote(2);
  await Promise.all(range(6).map((n) => batched.addOne.remote([n])));
  const sizes = await batched.sizes.remote();
  assert.equal(sum(sizes), 6);
  assert.ok(Math.max(...sizes) <= 2);
});

test('a request names its model, by header or by handle', async () => {
  const get = (header: string, id: string) => fetch(multi.url, { headers: { [header]: id } });
  assert.equal(await (await get('serve_multiplexed_model_id', 'a')).text(), 'A');
  assert.equal(await (await get('Serve-Multiplexed-Model-Id', 'b')).text(), 'B');
  assert.equal(await multi.options({ multiplexedModelId: 'a' }).which.remote(), 'A');
  assert.deepEqual(await multi.events.remote(), ['load a', 'load b']);
  assert.equal(await multi.options({ multiplexedModelId: 'c' }).which.remote(), 'C');
  assert.deepEqual(await multi.events.remote(), ['free b', 'load c'], 'b was asked for the longest ago');
  const letters: string[] = [];
  for await (const letter of multi.options({ multiplexedModelId: 'xyz' }).letters.remote()) letters.push(letter);
  assert.deepEqual(letters, ['Xxyz', 'Yxyz', 'Zxyz']);
  const none = await fetch(multi.url);
  assert.equal(none.status, 400);
  assert.match(await none.text(), /serve_multiplexed_model_id/);
});

test('requests for one model go to one replica, which has it', async () => {
  const many = await serve.run(Multi.options({ name: 'Many', numReplicas: 3 }).bind(), { name: 'many', routePrefix: '/many' });
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const reached = new Set<string>();
  while (reached.size < 3) reached.add(await many.pid.remote());
  const seen = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    for (const each of await Promise.all(ids.map((id) => many.options({ multiplexedModelId: id }).pid.remote()))) seen.add(each);
  }
  assert.equal(seen.size, ids.length, 'a model is at several replicas');
  assert.ok(new Set([...seen].map((each) => each.split(' ')[1])).size > 1, 'one replica has them all');
});
