import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { datasetPath } from 'nbserve/data';
import { onnx } from 'nbserve/onnx';
import { Repeating } from '../fixtures/session-apps.js';

after(() => serve.shutdown());

const MNIST = datasetPath('mnist/mnist-cnn.onnx');
const digit = onnx.tensor(new Float32Array(784).fill(0.5), [1, 1, 28, 28]);

test('a profile tells which operators ran on which device', async () => {
  const profile = await onnx.profile(MNIST, digit, { device: 'cpu' });
  assert.deepEqual(Object.keys(profile.devices), ['cpu']);
  assert.ok(profile.nodes.some(({ op, ms }) => op === 'Conv' && ms > 0));
  assert.match(String(profile), /^cpu +\d+ nodes, [\d.]+ ms: .*Conv.*Gemm/);
});

test('strict does not fall back to the CPU, and each device says why not', async () => {
  await assert.rejects(onnx.load(MNIST, { device: 'auto', strict: true }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'NBS_ONNX_DEVICE_UNAVAILABLE');
    assert.match(error.message, /cuda: .+; webgpu: /);
    return true;
  });
});

test('what is given to verify a device is checked like the inputs of a run; the CPU needs no check', async () => {
  await assert.rejects(onnx.load(MNIST, { verify: 3 as never }), { code: 'NBS_INVALID_OPTION' });
  const model = await onnx.load(MNIST, { device: 'cpu', verify: digit });
  assert.equal(model.device, 'cpu');
  await model.dispose();
});

test('the status shows the models of a replica, their device and why not another', async () => {
  const handle = await serve.run(Repeating.options({ healthCheckPeriod: '100ms' }).bind(), {
    name: 'shown',
    routePrefix: '/shown',
  });
  assert.deepEqual(((await (await fetch(`${handle.url}?n=1`)).json()) as { y: number[] }).y, [4]);
  const [replica] = (await serve.status()).applications.shown?.deployments.Repeating?.replicas ?? [];
  assert.deepEqual(replica?.models, [{ name: 'repeating', device: 'cpu', requested: 'cpu', place: 'beside', failed: [] }]);
});
