/** The set-up of CUDA beside a simulated driver, and with a simulated pip. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CudaFolders, lookForCuda, setUpCuda } from '../../dist/cuda/index.js';
import { fakeNvidiaSmi } from '../fixtures/fake-nvidia.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const LIBRARIES = ['cudart.so.13', 'cublas.so.13', 'cublasLt.so.13', 'curand.so.10', 'cufft.so.12', 'nvrtc.so.13'];
/** It makes the files of the packages that it is asked for, below the folder after `--target`. */
const PIP = `echo "$@" > "$(dirname "$0")/asked"
while [ $# -gt 0 ]; do if [ "$1" = --target ]; then to="$2"; fi; shift; done
case "$(cat "$(dirname "$0")/asked")" in *onnxruntime-gpu*)
  mkdir -p "$to/onnxruntime/capi"
  for each in shared cuda; do echo provider > "$to/onnxruntime/capi/libonnxruntime_providers_$each.so"; done;;
esac
mkdir -p "$to/nvidia/cu13/lib" "$to/nvidia/cudnn/lib"
for each in ${LIBRARIES.join(' ')}; do echo lib > "$to/nvidia/cu13/lib/lib$each"; done
echo lib > "$to/nvidia/cudnn/lib/libcudnn.so.9"`;

const driver = (version: string) =>
  `case "$1" in *driver_version*) echo ${version};; *) echo '0, NVIDIA A100, GPU-5d5c, 40960, 2048, 50, Disabled';; esac`;

/** A program on the path, and an empty path of libraries. */
function fakePython(t: TestContext, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nbc-'));
  const { PATH: before, LD_LIBRARY_PATH: libraries } = process.env;
  writeFileSync(join(folder, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  process.env.PATH = `${folder}${delimiter}${before}`;
  delete process.env.LD_LIBRARY_PATH;
  t.after(() => {
    process.env.PATH = before;
    if (libraries === undefined) delete process.env.LD_LIBRARY_PATH;
    else process.env.LD_LIBRARY_PATH = libraries;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function folders(t: TestContext): CudaFolders & { readonly home: string; readonly runtime: string } {
  const home = mkdtempSync(join(tmpdir(), 'nbc-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const runtime = join(home, 'runtime');
  mkdirSync(runtime);
  return { home, runtime, runtimeVersion: '1.30.0', packages: join(home, 'cache', '1.30.0') };
}

const run = (args: readonly string[]): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [NBSERVE, 'setup', ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

test('everything that packages have is installed once, and nothing is left of the way there', async (t) => {
  fakeNvidiaSmi(t, driver('580.65.06'));
  fakePython(t, PIP);
  const here = folders(t);
  mkdirSync(join(here.home, 'cache', '1.30.0.new-killed'), { recursive: true });
  const asked: string[] = [];
  const { needs, installed, libraryFolders } = await setUpCuda(here, false, null, (packages) => asked.push(...packages));
  assert.deepEqual(
    needs.filter(({ isThere }) => !isThere),
    [],
  );
  assert.equal(installed[0], 'onnxruntime-gpu==1.30.0');
  assert.deepEqual(asked, installed);
  assert.deepEqual([...libraryFolders].sort(), [join(here.packages, 'nvidia/cu13/lib'), join(here.packages, 'nvidia/cudnn/lib')]);
  assert.deepEqual(readdirSync(here.runtime).sort(), ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so']);
  assert.deepEqual(readdirSync(join(here.home, 'cache')), ['1.30.0']);
  assert.ok(!existsSync(join(here.packages, 'onnxruntime')));
  const again = await setUpCuda(here, false, null, () => assert.fail('nothing is missing'));
  assert.deepEqual(again.installed, []);
  rmSync(join(here.packages, 'nvidia/cudnn'), { recursive: true });
  const repaired = await setUpCuda(here, false, null, () => {});
  assert.ok(repaired.installed.includes('nvidia-cublas~=13.0'), 'what was installed before is installed again');
  assert.ok(!repaired.installed.some((name) => name.startsWith('onnxruntime-gpu')));
});

test('packages in a folder are installed without a registry', async (t) => {
  fakeNvidiaSmi(t, driver('580.65.06'));
  const python = fakePython(t, PIP);
  const here = folders(t);
  const { installed } = await setUpCuda(here, false, 'wheels', () => {});
  assert.ok(installed.length > 1);
  assert.match(readFileSync(join(python, 'asked'), 'utf8'), / --no-index --find-links \/\S+\/wheels onnxruntime-gpu==/);
});

test('libraries that LD_LIBRARY_PATH names are not installed', async (t) => {
  fakeNvidiaSmi(t, driver('580.65.06'));
  const python = fakePython(t, PIP);
  const here = folders(t);
  const system = join(here.home, 'system');
  mkdirSync(system);
  for (const each of LIBRARIES) writeFileSync(join(system, `lib${each}`), '');
  process.env.LD_LIBRARY_PATH = `/nowhere${delimiter}${system}`;
  const facts = await lookForCuda(here);
  assert.equal(facts.libraries.get('libcublas.so.13'), system);
  const { installed } = await setUpCuda(here, false, null, () => {});
  assert.deepEqual(installed, ['onnxruntime-gpu==1.30.0', 'nvidia-cudnn-cu13~=9.0']);
  assert.ok(existsSync(join(python, 'asked')));
});

test('without a driver nothing is downloaded, unless that is wanted', async (t) => {
  fakeNvidiaSmi(t, 'exit 9');
  const python = fakePython(t, PIP);
  const here = folders(t);
  await assert.rejects(
    setUpCuda(here, false, null, () => {}),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'NBS_CUDA_SETUP_IMPOSSIBLE');
      assert.match(error.message, /NVIDIA driver: missing: nvidia-smi does not answer; install version 580 or later/);
      return true;
    },
  );
  assert.ok(!existsSync(join(python, 'asked')));
  const { needs } = await setUpCuda(here, true, null, () => {});
  assert.deepEqual(
    needs.filter(({ isThere }) => !isThere).map(({ what }) => what),
    ['NVIDIA driver', 'NVIDIA GPU'],
  );
});

test('a failed installation leaves nothing, and says why', async (t) => {
  fakeNvidiaSmi(t, driver('580.65.06'));
  const here = folders(t);
  for (const [script, words] of [
    ['echo "ERROR: No matching distribution found for onnxruntime-gpu==1.30.0" >&2; exit 1', /No matching distribution found/],
    ['echo "/usr/bin/python3: No module named pip" >&2; exit 1', /python3-pip/],
    ['echo "ERROR: Could not install: [Errno 28] No space left on device" >&2; exit 1', /4 GB are needed/],
  ] as const) {
    fakePython(t, script);
    await assert.rejects(
      setUpCuda(here, false, null, () => {}),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'NBS_CUDA_SETUP_FAILED');
        assert.match(error.message, words);
        return true;
      },
    );
  }
  assert.deepEqual(readdirSync(join(here.home, 'cache')), []);
  assert.deepEqual(readdirSync(here.runtime), []);
});

test('the command says what is there and what is missing, as text and as JSON', async (t) => {
  fakeNvidiaSmi(t, driver('535.183.01'));
  fakePython(t, 'exit 1');
  const check = await run(['cuda', '--check']);
  assert.equal(check.code, 1);
  assert.match(check.stdout, /^NO {3}NVIDIA driver {8}535\.183\.01 is too old for CUDA 13; install version 580 or later/m);
  assert.match(check.stdout, /^yes {2}NVIDIA GPU {11}NVIDIA A100$/m);
  const json = await run(['cuda', '--check', '--json']);
  assert.equal(JSON.parse(json.stdout).length, 6);
  const refused = await run(['cuda']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^NBS_CUDA_SETUP_IMPOSSIBLE: .*535\.183\.01 is too old/);
  const wrong = await run(['rocm']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /there is no set-up for rocm/);
});
