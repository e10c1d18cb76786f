import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import sharp from 'sharp';
import { Threads } from '../fixtures/threads-app.js';

after(() => serve.shutdown());

test('ONNX Runtime and sharp take as many threads as the replica has cpus, at least one, and Node one more', async () => {
  await serve.start({ resources: { cpu: 4 } });
  const seenWith = async (cpu: number, pictures: number) => {
    const name = `cpu-${pictures}`;
    const handle = await serve.run(Threads.options({ resources: { cpu } }).bind(), { name, routePrefix: null });
    const seen = await handle.seen.remote(pictures);
    await serve.delete(name);
    return seen;
  };
  assert.deepEqual(await seenWith(0.5, 2), { ort: 1, picture: 1, passed: false, env: ['1', '1', '2'] });
  assert.deepEqual(await seenWith(2.5, 3), { ort: 2, picture: 2, passed: false, env: ['2', '2', '3'] });
});

test("without a cpu share the libraries' own defaults hold", async () => {
  const handle = await serve.run(Threads.bind(), { name: 'free', routePrefix: null });
  const seen = await handle.seen.remote(1);
  assert.deepEqual(seen, { ort: 0, picture: sharp.concurrency(), passed: true, env: [null, null, null] });
});

test("the deployment's own environment wins", async () => {
  const own = Threads.options({ resources: { cpu: 2 }, env: { UV_THREADPOOL_SIZE: '1', OMP_NUM_THREADS: '1' } });
  const handle = await serve.run(own.bind(), { name: 'own', routePrefix: null });
  assert.deepEqual(await handle.seen.remote(1), { ort: 1, picture: 2, passed: false, env: ['1', '2', '1'] });
});
