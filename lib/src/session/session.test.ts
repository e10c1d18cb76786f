import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { resultFolder } from './index.js';

test('results are kept in a folder of this machine', () => {
  assert.equal(resultFolder('train', 'results', 'mine'), resolve('results/mine'));
  for (const url of ['s3://bucket/results', 'file:///results'])
    assert.throws(() => resultFolder('train', url, 'mine'), {
      code: 'NBS_INVALID_OPTION',
      message: /storagePath.*not a URL.*results/,
    });
});
