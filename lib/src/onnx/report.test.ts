import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceReport } from './report.js';

test('a report says that a model runs on the CPU, or that it was made for another device', () => {
  const report = (device: 'cpu' | 'webgpu') =>
    String(new DeviceReport('auto', device, 'Provider', '1.30.0', 1, [{ device, outcome: 'running' }]));
  assert.equal(report('cpu'), 'runs on cpu (Provider, ONNX Runtime 1.30.0, 1 thread); asked for: auto\n  cpu     running');
  assert.match(report('webgpu'), /^made for webgpu .*, operators without a kernel for it run on the CPU; asked for: auto/);
});
