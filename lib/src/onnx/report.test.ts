import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceReport } from './report.js';

test('a report says that a model runs on the CPU, or that it was made for another device', () => {
  const runs = { asked: 'auto', session: { place: 'loop' }, loopReason: 'no koffi' } as const;
  const report = (device: 'cpu' | 'webgpu') =>
    String(new DeviceReport('auto', device, 'Provider', '1.30.0', 1, [{ device, outcome: 'running' }], runs));
  assert.equal(
    report('cpu'),
    'runs on cpu (Provider, ONNX Runtime 1.30.0, 1 thread); asked for: auto\n  in the event loop, and no run can be ended: no koffi\n  cpu     running',
  );
  assert.match(report('webgpu'), /^made for webgpu .*, operators without a kernel for it run on the CPU; asked for: auto/);
});
