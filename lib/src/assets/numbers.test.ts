import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAboutInput } from '../core/index.js';
import { datasetPath } from './dataset-path.js';
import { digitPng, showDigits } from './digits.js';
import { loadMnist, mnistTensor } from './mnist.js';

const digit = new Uint8Array(784).fill(7);

test('numbers that loadMnist cannot use are refused, and its results are consistent', () => {
  for (const limit of [-1, 2.5, Number.NaN, Number.NEGATIVE_INFINITY, '3', null, 2 ** 60]) {
    assert.throws(() => loadMnist({ limit: limit as number }), {
      code: 'NBS_INVALID_OPTION',
      message: /limit must be an integer of at least 0/,
    });
  }
  assert.throws(() => loadMnist({ split: 'all' as 'test' }), { code: 'NBS_INVALID_OPTION', message: /'train' or 'test'/ });
  assert.throws(() => loadMnist({ count: 3 } as never), { code: 'NBS_UNKNOWN_OPTION' });
  for (const limit of [0, 1, 1000]) {
    const { images, labels } = loadMnist({ limit });
    assert.deepEqual([images.length, labels.length], [limit, limit]);
  }
});

test('values that are not a digit are refused as wrong data, and the error names their place', () => {
  const refuses = (images: unknown, message: RegExp) => {
    for (const take of [mnistTensor, showDigits]) {
      assert.throws(
        () => take(images as Uint8Array),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'NBS_DATA_INVALID');
          assert.match(error.message, message);
          return isAboutInput(error);
        },
      );
    }
  };
  refuses(undefined, /it is of type undefined/);
  refuses(null, /it is null/);
  refuses('text', /it is of type string/);
  refuses({ length: 784 }, /it is of type object/);
  refuses([1, 2], /image 0 .*it has 2 values, not 784/);
  refuses([digit, null], /image 1 .*it is null/);
  refuses([...digit.slice(1), 256], /value 783 is 256, not a number from 0 to 255/);
  refuses([-1, ...digit.slice(1)], /value 0 is -1/);
  refuses([Number.NaN, ...digit.slice(1)], /value 0 is NaN/);
  refuses(['7', ...digit.slice(1)], /value 0 is "7"/);
  assert.throws(() => digitPng([300, ...digit.slice(1)]), { code: 'NBS_DATA_INVALID' });
  assert.deepEqual(mnistTensor([]).dims, [0, 1, 28, 28]);
  assert.deepEqual(mnistTensor([[...digit], digit]).dims, [2, 1, 28, 28]);
});

test('options that would make no picture, or a wrong tensor, are refused', () => {
  for (const options of [
    { columns: 0 },
    { columns: -1 },
    { columns: 1.5 },
    { scale: 0 },
    { scale: -2 },
    { scale: Number.NaN },
    { labels: 'text' },
    { labels: [{}] },
    { marked: [1] },
  ]) {
    assert.throws(() => showDigits(digit, options as never), { code: 'NBS_INVALID_OPTION' });
  }
  assert.throws(() => showDigits(new Array(3000).fill(digit), { scale: 64 }), {
    code: 'NBS_INVALID_OPTION',
    message: /3000 digits/,
  });
  for (const options of [{ std: 0 }, { std: Number.NaN }, { mean: '0' }, { mean: Number.POSITIVE_INFINITY }]) {
    assert.throws(() => mnistTensor(digit, options as never), { code: 'NBS_INVALID_OPTION' });
  }
  assert.equal(showDigits(digit).width, 28 * 5 + 8);
});

test('the name of a dataset cannot lead out of the folder', () => {
  for (const name of ['../../etc/passwd', '/etc/passwd', 'a/../../b', './x', '', 'a//b', 'a\0b', 5 as never]) {
    assert.throws(() => datasetPath(name), { code: 'NBS_DATASET_NOT_FOUND' });
  }
});
