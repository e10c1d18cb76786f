import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Seen } from '../fixtures/apps.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const statusOf = async (app: string) => (await serve.status()).applications[app];

test('replicas get declared GPUs, whole and in parts, and what does not fit waits until there is room', async () => {
  await serve.start({ numGpus: 2, resources: { cpu: 4, custom: { accelerator: 1 } } });
  const part = Seen.options({ name: 'Part', resources: { gpu: 0.5 }, numReplicas: 2 });
  const parts = await serve.run(part.bind(), { name: 'parts', routePrefix: null });
  assert.deepEqual(await parts.env.remote('CUDA_VISIBLE_DEVICES'), '0');
  const whole = await serve.run(
    Seen.options({ name: 'Whole', resources: { gpu: 1, cpu: 2.5, custom: { accelerator: 1 } } }).bind(),
    { name: 'whole', routePrefix: null },
  );
  assert.equal(await whole.env.remote('CUDA_VISIBLE_DEVICES'), '1');
  assert.equal(await whole.env.remote('OMP_NUM_THREADS'), '2');
  const waiting = serve.run(Seen.options({ name: 'Late', resources: { custom: { accelerator: 1 } } }).bind(), {
    name: 'late',
    routePrefix: null,
  });
  const late = await until(async () => {
    const status = await statusOf('late');
    return status?.message !== '' && status;
  });
  assert.match(late.message, /each replica takes custom accelerator 1, and local has custom accelerator 0 free/);
  await serve.delete('whole');
  const handle = await waiting;
  assert.equal(await handle.env.remote('CUDA_VISIBLE_DEVICES'), '');
});

test('what is no amount is refused', async () => {
  assert.throws(() => Seen.options({ resources: { gpu: 1.5 } }), /gpu below 1 or whole/);
  await serve.shutdown();
  await assert.rejects(serve.start({ numGpus: -1 }), /numGpus must be an integer of at least 0/);
});
