import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, DeviceReport, fallbackOf } from './report.js';

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

const runs = { asked: 'auto', session: { place: 'loop' }, loopReason: null } as const;

test('the report of a strict session does not speak of operators on the CPU', () => {
  const attempts = [{ device: 'webgpu', outcome: 'running' }] as const;
  const report = new DeviceReport('webgpu', 'webgpu', 'P', '1', 0, attempts, { ...runs, isStrict: true });
  assert.match(String(report), /^made for webgpu .*, and no operator runs on the CPU; asked for: webgpu/);
});

test('a device that failed is told, also if another GPU runs the model', () => {
  const told = (device: 'cpu' | 'webgpu', isCountedOn: boolean, ...attempts: Attempt[]) =>
    fallbackOf('m', new DeviceReport('auto', device, 'P', '1', 0, attempts, runs), isCountedOn);
  const failed: Attempt = { device: 'cuda', outcome: 'failed', reason: 'too old' };
  const untried: Attempt = { device: 'cuda', outcome: 'not tried', reason: 'missing' };
  const webgpu: Attempt = { device: 'webgpu', outcome: 'running' };
  const cpu: Attempt = { device: 'cpu', outcome: 'not tried', reason: 'webgpu runs it' };
  assert.equal(told('webgpu', false, failed, webgpu, cpu), 'm runs on webgpu. cuda failed: too old');
  assert.equal(told('webgpu', true, untried, webgpu, cpu), null);
  assert.equal(told('cpu', true, untried), 'm runs on the CPU. cuda was not tried: missing');
  assert.equal(told('cpu', false, untried), null);
});
