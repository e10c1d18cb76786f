import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { driversOf, graphicsOf } from './device-facts.js';

test('Vulkan drivers are those that the environment names, else those that are installed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbv-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [share, etc] = [join(folder, 'share'), join(folder, 'etc')];
  for (const each of [share, etc]) mkdirSync(each);
  const lavapipe = join(share, 'lvp_icd.x86_64.json');
  writeFileSync(lavapipe, '{}');
  writeFileSync(join(share, 'README'), '');
  // A container that has an NVIDIA GPU for computing, and Mesa's software driver.
  assert.deepEqual(driversOf([], [share, etc, join(folder, 'nowhere')]), [lavapipe]);
  const nvidia = join(etc, 'nvidia_icd.json');
  writeFileSync(nvidia, '{}');
  assert.deepEqual(driversOf([], [share, etc]), [lavapipe, nvidia]);
  assert.deepEqual(driversOf([lavapipe], [share, etc]), [lavapipe]);
  assert.deepEqual(driversOf([share], [share, etc]), [lavapipe], 'a folder can be named too');
});

test('an adapter is a GPU if the kernel and Vulkan have drivers for the same device', () => {
  const icd = (...names: string[]) => names.map((name) => `/usr/share/vulkan/icd.d/${name}_icd.x86_64.json`);
  const mesa = icd('radeon', 'intel', 'intel_hasvk', 'nouveau', 'virtio', 'gfxstream_vk', 'lvp');
  const isGpu = (kernel: (string | null)[], files: string[], platform = 'linux'): boolean => {
    const { hasGraphics, softwareGraphics } = graphicsOf(platform, kernel, files);
    assert.equal(softwareGraphics, !hasGraphics);
    return hasGraphics;
  };
  for (const driver of ['amdgpu', 'radeon', 'i915', 'xe', 'nouveau', 'virtio_gpu']) assert.ok(isGpu([driver], mesa), driver);
  assert.ok(isGpu(['nvidia'], [...mesa, '/etc/vulkan/icd.d/nvidia_icd.json']));
  assert.ok(isGpu(['vgem', 'i915'], mesa), 'one of two devices');
  assert.ok(isGpu(['dxg'], icd('dzn', 'lvp')), 'WSL');
  // A GPU for computing alone, devices that have no driver of Vulkan, and one that nobody knows.
  for (const kernel of [['nvidia'], ['vgem'], ['ast'], [null], []]) assert.ok(!isGpu(kernel, mesa), String(kernel));
  assert.ok(!isGpu(['amdgpu'], icd('lvp')));
  assert.ok(!isGpu(['amdgpu'], ['/x/vk_swiftshader_icd.json']));
  assert.ok(isGpu([null], icd('vendor')), 'without a driver that is software');
  assert.ok(isGpu(['amdgpu'], []), 'a driver may be where nobody looked');
  assert.ok(!isGpu([], []));
  assert.ok(isGpu([], [], 'darwin'));
});
