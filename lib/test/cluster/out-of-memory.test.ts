import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';
import { Greedy, Leaky } from '../fixtures/greedy-memory-app.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

/** A control group with a limit of memory; null, and the test is skipped, if this user cannot make one. */
function groupOf(t: TestContext, bytes: number): string | null {
  const [mount, limit] = existsSync('/sys/fs/cgroup/memory')
    ? ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes']
    : ['/sys/fs/cgroup', 'memory.max'];
  const group = join(mount, `nbserve-test-${process.pid}`);
  try {
    mkdirSync(group);
    t.after(() => until(() => tryTo(() => rmdirSync(group))));
    writeFileSync(join(group, limit), String(bytes));
    return group;
  } catch (error) {
    t.skip(`no control group can be made here: ${(error as Error).message}`);
    return null;
  }
}

function tryTo(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

const greedy = async () => (await serve.status()).applications.greedy?.deployments.Greedy ?? assert.fail();

test('a replica that the system ends for lack of memory is started again, and the status says why', async (t) => {
  const group = groupOf(t, 256 * 2 ** 20);
  if (group === null) return;
  const handle = await serve.run(Greedy.bind(), { name: 'greedy', routePrefix: null });
  assert.equal((await greedy()).lastFailure, undefined);
  const first = await handle.pid.remote();
  await assert.rejects(handle.grow.remote(group));
  const failed = await until(async () => (await greedy()).lastFailure);
  assert.equal(failed.code, 'NBS_REPLICA_OUT_OF_MEMORY');
  assert.match(failed.message, /replica Greedy#\w+ was ended because memory ran out \(by the system, with SIGKILL\)/);
  assert.equal(failed.count, 1);
  const second = await handle.pid.remote();
  assert.notEqual(second, first);
  await assert.rejects(handle.grow.remote(group));
  const again = await until(async () => {
    const { lastFailure } = await greedy();
    return lastFailure?.count === 2 && lastFailure;
  });
  assert.ok(again.retryAt > failed.retryAt, 'the next start waits');
  assert.ok((await handle.pid.remote()) > 0);
  process.kill(await handle.pid.remote(), 'SIGKILL');
  const killed = await until(async () => {
    const { lastFailure } = await greedy();
    return lastFailure?.code === 'NBS_REPLICA_FAILED' && lastFailure;
  });
  assert.match(killed.message, /ended \(KILLED, by SIGKILL\)/);
});

test('a model that is larger than the memory is refused before it is loaded', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbm-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'large.onnx');
  const entry = (key: string, value: string) => Buffer.concat([text(1, key), text(2, value)]);
  // TensorProto: dims, data_type, name, external_data, data_location.
  const weight = Buffer.concat([
    Buffer.from([0x08, 4, 0x10, 1]),
    text(8, 'w'),
    field(13, entry('location', 'large.bin')),
    Buffer.from([0x70, 1]),
  ]);
  const whole = onnx.encodeModel({
    name: 'large',
    inputs: [{ name: 'x', type: 'float32', shape: [4] }],
    outputs: [{ name: 'y', type: 'float32', shape: [4] }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: {},
  });
  // A second graph field is merged with the first one.
  writeFileSync(path, Buffer.concat([whole, field(7, field(5, weight))]));
  writeFileSync(join(folder, 'large.bin'), '');
  truncateSync(join(folder, 'large.bin'), 4 * totalmem());
  writeFileSync(join(folder, 'x'), '');
  truncateSync(join(folder, 'x'), 8 * totalmem());
  await assert.rejects(onnx.load(path, { device: 'cpu' }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'NBS_ONNX_OUT_OF_MEMORY');
    const needed = Math.round((4 * totalmem()) / 2 ** 20);
    assert.match(error.message, new RegExp(`its weights take ${needed} MiB, and \\d+ MiB are free`));
    return true;
  });
  truncateSync(join(folder, 'large.bin'), 16);
  const model = await onnx.load(path, { device: 'cpu' });
  const { y } = await model.run(onnx.tensor([1, 2, 3, 4]));
  assert.deepEqual(y?.data, Float32Array.of(1, 2, 3, 4));
  await model.dispose();
});

/** A field of protobuf with a length. */
const field = (number: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));

test('a replica above its memoryLimit ends what it has begun', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbm-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'go');
  const options = { numReplicas: 2, memoryLimit: 320 * 2 ** 20, healthCheckPeriod: '50ms' } as const;
  const leaky = await serve.run(Leaky.options(options).bind(), { name: 'leaky', routePrefix: null });
  const state = async () => (await serve.status()).applications.leaky?.deployments.Leaky ?? assert.fail();
  const held = leaky.until.remote(file);
  const pids = new Set<number>();
  await until(async () => {
    // On a fast machine, all replicas fill up again and again. Then requests are refused before they begin.
    const pid = await leaky.keep.remote().catch((error: { code?: string }) => error.code);
    if (typeof pid === 'number') pids.add(pid);
    else assert.equal(pid, 'NBS_NO_REPLICA');
    return pids.size > 3;
  });
  const { code, message, count } = (await state()).lastFailure ?? assert.fail();
  assert.equal(code, 'NBS_OVER_MEMORY_LIMIT');
  assert.match(
    message,
    /failed 3 health checks in a row: the process has \d+ MiB of memory, and memoryLimit of leaky\/Leaky is 320 MiB/,
  );
  assert.ok(count >= 1);
  writeFileSync(file, '');
  assert.ok(pids.has(await held), 'a replica that was replaced has answered');
  await until(async () => (await state()).replicas.filter((one) => one.state === 'RUNNING').length === 2);
});

test('a limit that is no number of bytes is refused', () => {
  for (const memoryLimit of [0, -1, 1.5, Number.NaN, '1GiB'])
    assert.throws(
      () => Leaky.options({ memoryLimit: memoryLimit as number }),
      /memoryLimit .*a number of bytes of at least 1, such as 2 \*\* 30, or null/,
    );
});
