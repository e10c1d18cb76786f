import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Gpu, usableGpus } from './gpus.js';

const two: readonly Gpu[] = [
  { index: '0', name: 'A', uuid: 'GPU-5d5c' },
  { index: '1', name: 'B', uuid: 'GPU-6e6e' },
];

test('the list of CUDA_VISIBLE_DEVICES ends at the first entry that is no GPU', () => {
  const cases: [string, readonly Gpu[], readonly string[]][] = [
    ['', two, []],
    ['1, 0', two, ['1', '0']],
    ['-1', two, []],
    ['1,-1,0', two, ['1']],
    ['0,2,1', two, ['0']],
    ['7', two, []],
    ['none', two, []],
    ['1,,0', two, ['1']],
    ['GPU-6e', two, ['GPU-6e']],
    ['GPU-77,0', two, []],
    ['MIG-aa,0', [{ index: 'MIG-aa', name: 'MIG 1g.5gb', uuid: 'MIG-aa' }], ['MIG-aa', '0']],
    ['3,GPU-77', [], ['3', 'GPU-77']],
    ['-1', [], []],
  ];
  for (const [named, listed, usable] of cases) assert.deepEqual(usableGpus(named, listed), usable, named);
});
