import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CUDA_LIBRARIES, PROVIDER_FILES, requirements } from './requirements.js';
import { type CudaFacts, cudaNeeds, describeNeeds } from './state.js';

const complete: CudaFacts = {
  platform: 'linux x64',
  runtimeVersion: '1.30.0',
  driverVersion: '580.65.06',
  gpus: ['NVIDIA A100'],
  providerFiles: PROVIDER_FILES,
  libraries: new Map(CUDA_LIBRARIES.map(({ file }) => [file, '/usr/local/cuda/lib64'])),
  ownFolders: [],
};
const missing = (facts: Partial<CudaFacts>) => cudaNeeds({ ...complete, ...facts }).filter(({ isThere }) => !isThere);

test('a machine that has everything lacks nothing', () => {
  assert.deepEqual(missing({}), []);
  assert.match(describeNeeds(cudaNeeds(complete)), /^yes {2}NVIDIA driver {8}580\.65\.06$/m);
});

test('each thing that is missing is named, with what would be right', () => {
  const cases: [Partial<CudaFacts>, RegExp][] = [
    [{ platform: 'darwin arm64' }, /darwin arm64; .*linux x64 only/],
    [{ driverVersion: null }, /nvidia-smi does not answer; install version 580 or later/],
    [{ driverVersion: '535.183.01' }, /535\.183\.01 is too old for CUDA 13/],
    [{ gpus: [] }, /the driver lists none/],
    [{ runtimeVersion: null }, /npm install onnxruntime-node/],
    [
      { providerFiles: ['libonnxruntime_providers_shared.so'] },
      /missing: libonnxruntime_providers_cuda\.so; PyPI onnxruntime-gpu==1\.30\.0/,
    ],
  ];
  for (const [facts, words] of cases) {
    const [first, ...rest] = missing(facts);
    assert.match(first?.detail ?? '', words);
    assert.deepEqual(rest, []);
  }
});

test('a version with three digits is compared as a number', () => {
  assert.deepEqual(missing({ driverVersion: '1000.1' }), []);
  assert.equal(missing({ driverVersion: '99.9' }).length, 1);
});

test('only packages of what is missing are named, each once', () => {
  const libraries = new Map([...complete.libraries].filter(([file]) => !file.startsWith('libcublas')));
  const [cuda] = missing({ libraries });
  assert.deepEqual(requirements('1.30.0', cuda?.missing ?? []), ['nvidia-cublas~=13.0']);
  assert.deepEqual(requirements('1.30.0', ['libonnxruntime_providers_cuda.so']), ['onnxruntime-gpu==1.30.0']);
  assert.deepEqual(requirements('1.30.0', []), []);
});
