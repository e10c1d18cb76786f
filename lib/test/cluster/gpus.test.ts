import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { serve } from 'nbserve';
import { listGpus } from '../../dist/core/index.js';
import { Seen } from '../fixtures/apps.js';
import { fakeNvidiaSmi } from '../fixtures/fake-nvidia.js';

after(() => serve.shutdown());

const MIB = 2 ** 20;
const listed = (t: TestContext, script: string) => {
  fakeNvidiaSmi(t, script);
  return listGpus();
};
const A100 = 'NVIDIA A100-SXM4-40GB, GPU-5d5c, 40960, 1024, 37';

test('a GPU has its number, UUID, memory and use', async (t) => {
  const gpus = await listed(t, `echo '0, ${A100}, Disabled'; echo '1, Odd, name, GPU-77aa, 8192, 0, [N/A], [N/A]'`);
  assert.deepEqual(gpus, [
    {
      index: '0',
      name: 'NVIDIA A100-SXM4-40GB',
      uuid: 'GPU-5d5c',
      memoryBytes: 40_960 * MIB,
      usedBytes: 1024 * MIB,
      utilization: 0.37,
    },
    { index: '1', name: 'Odd, name', uuid: 'GPU-77aa', memoryBytes: 8192 * MIB, usedBytes: 0 },
  ]);
});

test('an old driver that refuses a field still lists its GPUs', async (t) => {
  const gpus = await listed(t, `case "$1" in *mig*) exit 2;; esac; echo '0, Tesla K80, GPU-1, 11441, 0'`);
  assert.deepEqual(gpus, [{ index: '0', name: 'Tesla K80', uuid: 'GPU-1', memoryBytes: 11_441 * MIB, usedBytes: 0 }]);
});

test('the parts of a divided GPU are listed instead of it', async (t) => {
  const script = `case "$1" in
-L) printf 'GPU 0: NVIDIA A100 (UUID: GPU-5d5c)\\n  MIG 1g.5gb      Device  0: (UUID: MIG-aa)\\n  MIG 2g.10gb     Device  1: (UUID: MIG-bb)\\nGPU 1: NVIDIA A100 (UUID: GPU-6e6e)\\n';;
*) echo '0, ${A100}, Enabled'; echo '1, NVIDIA A100, GPU-6e6e, 40960, 0, 0, Disabled';;
esac`;
  const gpus = await listed(t, script);
  assert.deepEqual(
    gpus?.map(({ index, name }) => [index, name]),
    [
      ['MIG-aa', 'MIG 1g.5gb'],
      ['MIG-bb', 'MIG 2g.10gb'],
      ['1', 'NVIDIA A100'],
    ],
  );
});

test('a driver that does not work, and one without devices, give no GPU', async (t) => {
  assert.equal(await listed(t, 'echo "NVIDIA-SMI has failed" >&2; exit 9'), undefined);
  assert.deepEqual(await listed(t, 'echo "No devices were found"'), []);
});

test('no answer says nothing about GPUs, so it is asked for again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const forget = t.mock.fn();
  const calls = async (script: string, path = process.env.PATH): Promise<number> => {
    forget.mock.resetCalls();
    fakeNvidiaSmi(t, script);
    if (path === '') process.env.PATH = path;
    await listGpus(forget);
    t.mock.timers.tick(120_000);
    return forget.mock.callCount();
  };
  assert.equal(await calls('echo "NVIDIA-SMI has failed" >&2; exit 9'), 1);
  assert.equal(await calls('echo "No devices were found"'), 0);
  assert.equal(await calls('exit 9'), 1);
  // There is no such program.
  assert.equal(await calls('', ''), 0);
});

test('the status shows the GPUs and their memory, and a replica with a part gets a part of its processors', async (t) => {
  fakeNvidiaSmi(t, `echo '0, ${A100}, Disabled'`);
  await serve.start({ port: 0 });
  const half = await serve.run(Seen.options({ resources: { gpu: 0.5 } }).bind(), { name: 'half', routePrefix: null });
  assert.equal(await half.env.remote('CUDA_VISIBLE_DEVICES'), '0');
  assert.equal(await half.env.remote('CUDA_MPS_ACTIVE_THREAD_PERCENTAGE'), '50');
  const [node] = (await serve.status()).nodes;
  assert.deepEqual(node?.gpus, [
    { id: '0', name: 'NVIDIA A100-SXM4-40GB', uuid: 'GPU-5d5c', memory: 40_960 * MIB, used: 1024 * MIB, utilization: 0.37 },
  ]);
});

test('CUDA_VISIBLE_DEVICES stays as it is for a deployment that asks for that, with our variable or with that of Ray', async (t) => {
  const before = process.env.CUDA_VISIBLE_DEVICES;
  process.env.CUDA_VISIBLE_DEVICES = '3,5';
  t.after(() => {
    if (before === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
    else process.env.CUDA_VISIBLE_DEVICES = before;
  });
  await serve.shutdown();
  await serve.start({ port: 0 });
  for (const name of ['NBSERVE_NOSET_CUDA_VISIBLE_DEVICES', 'RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES']) {
    const app = Seen.options({ env: { [name]: '1' } });
    const kept = await serve.run(app.bind(), { name: 'kept', routePrefix: null });
    assert.equal(await kept.env.remote('CUDA_VISIBLE_DEVICES'), '3,5', name);
  }
  const hidden = await serve.run(Seen.bind(), { name: 'hidden', routePrefix: null });
  assert.equal(await hidden.env.remote('CUDA_VISIBLE_DEVICES'), '');
});
