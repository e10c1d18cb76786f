import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidates, obstacleTo } from './device.js';
import type { DeviceFacts } from './device-facts.js';
import { DeviceReport } from './report.js';

const bare: DeviceFacts = {
  platform: 'linux',
  backends: ['cpu', 'webgpu', 'cuda'],
  missingCudaFiles: ['libonnxruntime_providers_cuda.so'],
  nvidiaGpus: null,
  hasGraphics: false,
  softwareGraphics: false,
  visibleGpus: null,
  hidesGpus: false,
};
const gpu: DeviceFacts = { ...bare, missingCudaFiles: [], nvidiaGpus: ['NVIDIA H100'], hasGraphics: true };
const free = (facts: DeviceFacts) =>
  candidates('auto', facts)
    .filter((each) => each.obstacle === undefined)
    .map((each) => each.device);

test('auto takes the best device that has no obstacle', () => {
  assert.deepEqual(free(bare), ['cpu']);
  assert.deepEqual(free(gpu), ['cuda', 'webgpu', 'cpu']);
  assert.deepEqual(free({ ...gpu, nvidiaGpus: null }), ['webgpu', 'cpu']);
});

test('a process that was given no GPU uses none', () => {
  assert.deepEqual(free({ ...gpu, visibleGpus: '', hidesGpus: true }), ['cpu']);
  assert.match(
    obstacleTo('webgpu', { ...gpu, visibleGpus: '', hidesGpus: true }) ?? '',
    /CUDA_VISIBLE_DEVICES is empty; .*resources: \{ gpu: 1 \}/,
  );
  assert.match(obstacleTo('cuda', { ...gpu, visibleGpus: '-1', hidesGpus: true }) ?? '', /CUDA_VISIBLE_DEVICES is -1/);
});

test('an obstacle names everything that is missing', () => {
  assert.match(obstacleTo('cuda', bare) ?? '', /libonnxruntime_providers_cuda\.so .*npx nbserve setup cuda.*an NVIDIA driver/);
  assert.match(obstacleTo('cuda', { ...gpu, nvidiaGpus: [] }) ?? '', /missing: an NVIDIA GPU/);
  assert.match(obstacleTo('webgpu', bare) ?? '', /software adapter/);
  assert.match(obstacleTo('cuda', { ...bare, backends: ['cpu'] }) ?? '', /no cuda provider/);
});

test('a device that is requested by name is the only candidate', () => {
  assert.deepEqual(candidates('cuda', gpu), [{ device: 'cuda' }]);
});

test('the report prints one line for each device', () => {
  const report = new DeviceReport(
    'auto',
    'cpu',
    'CPUExecutionProvider',
    '1.30.0',
    1,
    [
      { device: 'cuda', outcome: 'not tried', reason: 'missing: an NVIDIA GPU' },
      { device: 'cpu', outcome: 'running' },
    ],
    { asked: 'auto', session: { place: 'beside' }, loopReason: null },
  );
  assert.equal(
    String(report),
    'runs on cpu (CPUExecutionProvider, ONNX Runtime 1.30.0, 1 thread); asked for: auto\n  beside the event loop, and a run can be ended\n  cuda    not tried: missing: an NVIDIA GPU\n  cpu     running',
  );
});
