import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
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
  assert.throws(() => Seen.options({ resources: { gpu: 1.5 } }), /option gpu must be .*, below 1 or whole/);
  await serve.shutdown();
  await assert.rejects(serve.start({ numGpus: -1 }), /numGpus must be an integer of at least 0/);
});

/** Sets variables that clusters inherit if they are started from here. */
function setEnv(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

/** Simulates a machine whose driver lists three GPUs. */
function withGpus(t: TestContext): void {
  const folder = mkdtempSync(join(tmpdir(), 'nbg-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'nvidia-smi'), "#!/bin/sh\nprintf '0\\n1\\n2\\n'\n", { mode: 0o700 });
  setEnv(t, { PATH: `${folder}${delimiter}${process.env.PATH}` });
}

test('GPUs are those that nvidia-smi lists, and of these the ones that this process may use', async (t) => {
  await serve.shutdown();
  withGpus(t);
  await serve.start({ port: 0 });
  assert.equal((await serve.status()).nodes[0]?.total.gpu, 3);
  await serve.shutdown();
  setEnv(t, { CUDA_VISIBLE_DEVICES: '2,1' });
  await serve.start({ port: 0 });
  const both = await serve.run(Seen.options({ resources: { gpu: 2 } }).bind(), { name: 'both', routePrefix: null });
  assert.equal(await both.env.remote('CUDA_VISIBLE_DEVICES'), '2,1');
  const none = await serve.run(Seen.bind(), { name: 'none', routePrefix: null });
  assert.equal(await none.env.remote('CUDA_VISIBLE_DEVICES'), '');
});

test('several nodes divide the GPUs that there are', async (t) => {
  await serve.shutdown();
  withGpus(t);
  await serve.start({ port: 0, nodes: 2, proxyLocation: 'Disabled' });
  assert.deepEqual(
    (await serve.status()).nodes.map(({ total }) => total.gpu),
    [2, 1],
  );
  const app = Seen.options({ resources: { gpu: 0.5 } });
  const names = [];
  for (const name of ['one', 'two', 'three']) {
    const handle = await serve.run(app.options({ numReplicas: 2 }).bind(), { name, routePrefix: null });
    const seen = new Set<unknown>();
    await until(
      async () => seen.add(await handle.env.remote('CUDA_VISIBLE_DEVICES')) && seen.size === (name === 'three' ? 1 : 2),
    );
    names.push([...seen].sort());
  }
  // There is a replica on each node as long as there is room, and the parts of one GPU are on the same node.
  assert.deepEqual(names, [['0', '2'], ['0', '2'], ['1']]);
});

test('memory is accounted too', async () => {
  await serve.shutdown();
  await serve.start({ port: 0, resources: { memory: 1000 } });
  const app = Seen.options({ name: 'Large', numReplicas: 2, resources: { memory: 600 } });
  const superseded = assert.rejects(serve.run(app.bind(), { name: 'large', routePrefix: null }), /another deploy of it/);
  const message = await until(async () => (await serve.status()).applications.large?.message);
  assert.match(message, /each replica takes memory 600, and local has memory 400 free/);
  await serve.run(app.options({ numReplicas: 1 }).bind(), { name: 'large', routePrefix: null });
  await superseded;
  assert.equal((await serve.status()).nodes[0]?.free.memory, 400);
});
