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
  writeFileSync(join(repository, 'digits', 'labels.txt'), 'cat\r\n\r\ndog\r\n');
  assert.deepEqual(readModelFolder(repository, 'digits').spec.labels, { y: ['cat', '', 'dog'] });
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

test('the parameters of a config.yaml are a mapping', () => {
  mkdirSync(join(repository, 'yaml', '1'), { recursive: true });
  writeFileSync(join(repository, 'yaml', '1', 'model.onnx'), '');
  writeFileSync(join(repository, 'yaml', 'config.yaml'), 'parameters: { intra_op_thread_count: { string_value: "3" } }');
  const { spec, ignored } = readModelFolder(repository, 'yaml');
  assert.deepEqual([spec.intraOpThreads, ignored], [3, []]);
});

test('a version has another stamp if a file of its weights was replaced', () => {
  writeModel('large', '');
  const folder = join(repository, 'large', '1');
  const part = (number: number, ...inside: number[]) => [number * 8 + 2, inside.length, ...inside];
  const words = (...texts: string[]) => texts.flatMap((text, i) => part(i + 1, ...Buffer.from(text)));
  // A model with a graph with a tensor whose external data has a location.
  const model = part(7, ...part(5, ...part(13, ...words('location', 'weights.data'))));
  writeFileSync(join(folder, 'model.onnx'), Uint8Array.from(model));
  const stamps = ['a', 'ab'].map((weights) => {
    writeFileSync(join(folder, 'weights.data'), weights);
    return readModelFolder(repository, 'large').spec.versions[0]?.stamp;
  });
  assert.notEqual(stamps[0], stamps[1]);
});
