import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isRepository, modelsIn, readModelFolder } from './model-folder.js';

const repository = mkdtempSync(join(tmpdir(), 'nbs-folder-'));
after(() => rmSync(repository, { recursive: true }));

function writeModel(name: string, config: string): void {
  mkdirSync(join(repository, name, '1'), { recursive: true });
  writeFileSync(join(repository, name, '1', 'model.onnx'), '');
  writeFileSync(join(repository, name, 'config.pbtxt'), config);
}

test('a file of labels that is missing is an error, and not a model without labels', () => {
  writeModel('digits', 'output [{ name: "y" label_filename: "labels.txt" }]');
  assert.throws(() => readModelFolder(repository, 'digits'), {
    code: 'NBS_OIP_CONFIG',
    message: /config\.pbtxt.*output y: there is no .*labels\.txt/,
  });
  writeFileSync(join(repository, 'digits', 'labels.txt'), 'zero\r\none\n');
  assert.deepEqual(readModelFolder(repository, 'digits').spec.labels, { y: ['zero', 'one'] });
});

test('a version that the configuration names and the folder lacks is told', () => {
  writeModel('some', 'version_policy { specific { versions: [1, 3] } }');
  const { spec, ignored } = readModelFolder(repository, 'some');
  assert.deepEqual(
    [spec.versions.map(({ version }) => version), ignored],
    [['1'], ['version_policy.specific 3 (it is not there)']],
  );
  assert.throws(() => readModelFolder(repository, 'some', undefined, '3'), {
    code: 'NBS_OIP_NO_MODELS',
    message: /no version 3/,
  });
});

test('a folder that is gone, or a file in its place, has no models', () => {
  writeModel('gone', '');
  assert.deepEqual([modelsIn(repository).includes('gone'), isRepository(repository)], [true, true]);
  for (const path of [join(repository, 'nowhere'), join(repository, 'gone', 'config.pbtxt')])
    assert.deepEqual([modelsIn(path), isRepository(path)], [[], false], path);
});
