import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkApart } from '../../dist/onnx/diagnose.js';
import { fakeNvidiaSmi } from '../fixtures/fake-nvidia.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const doctor = (...args: string[]) => promisify(execFile)(process.execPath, [NBSERVE, 'doctor', ...args]);

test('nbserve doctor tells what works here, and why the rest does not', async (t) => {
  fakeNvidiaSmi(
    t,
    `case "$1" in *driver_version*) echo 580.65.06;; *) echo '0, NVIDIA A100, GPU-5d5c, 40960, 2048, 50, Disabled';; esac`,
  );
  const { stdout } = await doctor();
  assert.match(stdout, /^GPU 0: NVIDIA A100 \(GPU-5d5c\), 2\.0 of 40\.0 GiB in use, 50 % busy$/m);
  assert.match(stdout, /^NVIDIA driver 580\.65\.06$/m);
  assert.match(stdout, /^runs beside the event loop: yes$/m);
  assert.match(stdout, /^cpu {5}works, its answers are those of the CPU; [\d.]+ GFLOP\/s/m);
  assert.match(stdout, /^cuda {4}does not work: .*libonnxruntime_providers_cuda\.so/m);
});

test('as JSON too', async (t) => {
  fakeNvidiaSmi(t, 'exit 9');
  const { stdout } = await doctor('--json');
  const { gpus, devices } = JSON.parse(stdout) as { gpus: null; devices: { device: string; works: boolean }[] };
  assert.equal(gpus, null);
  assert.deepEqual(
    devices.map(({ device }) => device),
    ['cpu', 'cuda', 'webgpu'],
  );
  assert.equal(devices[0]?.works, true);
});

test('a driver that hangs is asked once for each purpose, and not for the CPU', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbd-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const calls = join(folder, 'calls');
  fakeNvidiaSmi(t, `echo "$1" >> '${calls}'; exec sleep 1000`);
  const { stdout } = await doctor('--json');
  const { gpus, driver, devices } = JSON.parse(stdout) as {
    gpus: null;
    driver: null;
    devices: { device: string; works: boolean; agrees?: boolean }[];
  };
  assert.deepEqual([gpus, driver, devices[0]?.works, devices[0]?.agrees], [null, null, true, true]);
  // For the report its GPUs and its version, and its GPUs for the checks of cuda and webgpu.
  const asked = readFileSync(calls, 'utf8').trim().split('\n');
  assert.deepEqual(asked.map((query) => /index|driver_version/.exec(query)?.[0]).sort(), [
    'driver_version',
    'index',
    'index',
    'index',
  ]);
});

test('a check that crashes, and one that never ends, are results like others', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbd-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'check.mjs');
  const reasonOf = async (text: string, limitMs = 60_000) => {
    writeFileSync(program, text);
    const { diagnosis } = await checkApart('cuda', program, limitMs);
    assert.equal(diagnosis.works, false);
    return diagnosis.reason ?? '';
  };
  assert.match(
    await reasonOf("console.error('no driver'); process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1e6)"),
    /ended by SIGSEGV: no driver/,
  );
  assert.match(await reasonOf('process.exit(3)'), /ended with the code 3/);
  assert.match(await reasonOf("console.log('{\"a driver\"'); console.error('bye')"), /ended without an answer: bye/);
  assert.match(await reasonOf('setInterval(() => {}, 1e6)', 100), /took longer than 0\.1 s/);

  const checked = { diagnosis: { device: 'cuda', works: true }, beside: 'yes' };
  writeFileSync(program, `console.log('hello'); console.log(${JSON.stringify(JSON.stringify(checked))}); console.log('bye')`);
  assert.deepEqual(await checkApart('cuda', program, 60_000), checked);
});
