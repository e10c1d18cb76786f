import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { driversOf, isSoftware } from './device-facts.js';

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
  assert.ok(isSoftware(driversOf([], [share, etc])));
  writeFileSync(join(etc, 'nvidia_icd.json'), '{}');
  assert.ok(!isSoftware(driversOf([], [share, etc])));
  assert.ok(isSoftware(driversOf([lavapipe], [share, etc])));
  assert.ok(isSoftware(driversOf([share], [share, etc])), 'a folder can be named too');
  assert.ok(!isSoftware([]), 'without files nobody knows');
});
